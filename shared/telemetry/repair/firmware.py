"""`firmwareVersion` in a device's document: the version in its newest event that names one."""

from google.api_core.exceptions import NotFound
from google.cloud.firestore import Maximum

from shared.firestore import paths
from shared.telemetry import firmware
from shared.telemetry.repair import ROUNDS, OvertakenError
from shared.telemetry.tenure import Tenure


def repair(device_id: str, tenure: Tenure, known: int) -> None:
    """Write the version that is newest by `known` and by what is stored, whatever is there now.

    Each write returns the newest of all. Of several writers at the same time, the last one has
    either written that one's version or tries again.

    Raises `OvertakenError`.
    """
    device = paths.user_device(tenure.uid, device_id)
    for _ in range(ROUNDS):
        version = firmware.version_in(known)
        batch = paths.client().batch()
        batch.update(device, {firmware.VERSION: version, firmware.ORDER: Maximum(known)})
        try:
            (result,) = batch.commit()
        except NotFound:
            return  # the device has left the customer
        known = result.transform_results[0].integer_value
        if firmware.version_in(known) == version:
            return
    raise OvertakenError("the firmware's version is overtaken faster than it can be repaired")
