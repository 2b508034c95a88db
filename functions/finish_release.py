"""Firestore trigger `finish_release`: does what is left to do for a released device."""

from cloudevents.http import CloudEvent

from shared import settings
from shared.api.triggers import on_document_created
from shared.claims import release


@on_document_created("releases/{id}", secrets=settings.PARTICLE_SECRETS)
def finish_release(event: CloudEvent) -> None:
    """Run the job; the next delivery continues with what it cannot finish in time."""
    release.finish(event["document"].rpartition("/")[2])
