"""Firestore trigger `on_user_created`: creates a new user's shadow customer at Particle."""

from shared import settings
from shared.api.triggers import on_document_created
from shared.customers import shadow
from shared.errors import CustomerNotReady, EmailUnverified
from shared.particle import Share


@on_document_created("users/{uid}", secrets=settings.PARTICLE_SECRETS)
def on_user_created(uid: str) -> None:
    """Create the customer, and record it in `users/{uid}.particle`.

    A failure is raised, so that the platform delivers the event again; so is it when the share of
    new sign-ups in the budget is spent. In the meantime a callable that needs the customer creates
    it. What can never succeed has been recorded and is not tried again.
    """
    try:
        shadow.ensure_for_profile(uid, Share.SIGN_UP)
    except (CustomerNotReady, EmailUnverified):
        return
