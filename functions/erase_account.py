"""Firestore trigger `erase_account`: erases what a deleted account leaves."""

from cloudevents.http import CloudEvent

from shared import settings
from shared.api.triggers import on_document_created
from shared.privacy import deletion


@on_document_created("deletedUsers/{uid}", secrets=settings.PARTICLE_SECRETS)
def erase_account(event: CloudEvent) -> None:
    """Run the job; what it cannot finish is gone on with at the next delivery."""
    deletion.run(event["document"].rpartition("/")[2])
