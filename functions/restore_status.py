"""Firestore trigger `restore_status`: lets a profile show what the server has written there."""

from shared import settings
from shared.api.triggers import on_document_updated
from shared.customers import shadow
from shared.errors import CustomerNotReady, EmailUnverified


@on_document_updated("users/{uid}", secrets=settings.PARTICLE_SECRETS)
def restore_status(uid: str) -> None:
    """Put `users/{uid}.particle` back after the client has written its profile whole.

    Usually ends after one round trip, which shows that it is there.
    """
    try:
        shadow.restore(uid)
    except (CustomerNotReady, EmailUnverified):
        return
