"""Firestore trigger `confirm_claim`: a device that nobody owns has published something."""

from shared import settings
from shared.api.triggers import on_document_created
from shared.claims import claim_code, strangers
from shared.errors import DeviceNotReady
from shared.registry.entry import Entry


@on_document_created("devices/{deviceId}/events/{eventId}", secrets=settings.PARTICLE_SECRETS)
def confirm_claim(device_id: str, _event_id: str) -> None:
    """Give the device to the customer who awaits it, if Particle says that it is theirs.

    Runs for events outside any tenure, which are few. If no customer awaits the device, Particle is
    asked whether a stranger has it there, a few times in a minute at most; usually that and one
    read are all.
    """
    entry = Entry.read(device_id)
    try:
        if entry.is_awaited and claim_code.confirm(entry.device_id):
            return
    except DeviceNotReady:
        return
    strangers.look(entry)
