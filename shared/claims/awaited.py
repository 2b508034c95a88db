"""Claims that devices have made themselves, by presenting a claim code to Particle."""

from google.cloud.firestore import FieldFilter

from shared.claims import access, claim
from shared.errors import DeviceNotReady, InProgress
from shared.firestore import paths


def confirm_awaited(uid: str) -> None:
    """Give the user the devices that have presented their claim codes. Raises `ParticleError`."""
    if access.mode().has_customers:
        awaited = paths.devices().where(filter=FieldFilter("awaitedBy", "==", uid))
        for snapshot in awaited.select([]).stream():
            try:
                claim.confirm(snapshot.id)
            except (DeviceNotReady, InProgress):
                continue
