"""Firestore trigger `finish_release`: does what is left to do for a released device."""

from shared import settings
from shared.api.triggers import on_document_created
from shared.claims import release


@on_document_created("releases/{id}", secrets=settings.PARTICLE_SECRETS)
def finish_release(job_id: str) -> None:
    """Run the job; the next delivery continues with what it cannot finish in time."""
    release.finish(job_id)
