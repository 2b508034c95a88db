"""Firestore trigger `erase_account`: erases the data of a deleted account."""

from shared import settings
from shared.api.triggers import on_document_created
from shared.privacy import deletion


@on_document_created("deletedUsers/{uid}", secrets=settings.PARTICLE_SECRETS)
def erase_account(uid: str) -> None:
    """Run the job; the next delivery continues with what it cannot finish."""
    deletion.run(uid)
