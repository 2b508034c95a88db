"""Firestore trigger `confirm_claim`: a device that presented a claim code has published."""

from shared import settings
from shared.api.triggers import on_document_created
from shared.claims import claim_code
from shared.errors import DeviceNotReady


@on_document_created("devices/{deviceId}/events/{eventId}", secrets=settings.PARTICLE_SECRETS)
def confirm_claim(device_id: str, _event_id: str) -> None:
    """Give the device to the customer who awaits it, if Particle says that it is theirs.

    Runs for events outside any tenure, which are few, and usually ends after one read, which shows
    that no customer awaits the device.
    """
    try:
        claim_code.confirm(device_id)
    except DeviceNotReady:
        return
