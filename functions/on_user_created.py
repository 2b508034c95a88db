"""Firestore trigger `on_user_created`: a new user gets their shadow customer at Particle."""

from cloudevents.http import CloudEvent

from shared import settings
from shared.api.triggers import on_document_created
from shared.customers import shadow
from shared.errors import CustomerNotReady, EmailUnverified


@on_document_created("users/{uid}", secrets=settings.PARTICLE_SECRETS)
def on_user_created(event: CloudEvent) -> None:
    """Make the customer, and say so in `users/{uid}.particle`.

    A failure is raised, so that the platform delivers the event again; the callables finish what
    is still missing in the meantime. What can never succeed has been written down and is not
    tried again.
    """
    # The event's `document` is the path below the database: users/{uid}.
    uid = event["document"].rpartition("/")[2]
    try:
        shadow.ensure(uid)
    except (CustomerNotReady, EmailUnverified):
        return
