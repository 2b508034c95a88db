"""Firestore trigger `finish_release`: does what is left to do for a device that was given back."""

from cloudevents.http import CloudEvent

from shared import settings
from shared.api.triggers import on_document_created
from shared.claims import release


@on_document_created("releases/{id}", secrets=settings.PARTICLE_SECRETS)
def finish_release(event: CloudEvent) -> None:
    """Run the job; what it cannot finish in time is gone on with at the next delivery."""
    release.finish(event["document"].rpartition("/")[2])
