"""Callable `claim_device`: make the caller the owner of a device."""

from typing import Any

from shared import settings
from shared.api.callables import callable_function
from shared.api.requests import Caller, DeviceName, Input, LabelText
from shared.claims import claim
from shared.claims.label import Label, normalise_device_id
from shared.errors import BadRequest
from shared.times import iso


class Request(Input, frozen=True):
    """What is printed on the device, and a name for it."""

    setup_code: LabelText | None = None
    serial_number: LabelText | None = None
    device_id: LabelText | None = None
    name: DeviceName | None = None


@callable_function(Request, secrets=[*settings.PARTICLE_SECRETS, settings.SETUP_CODE_PEPPER])
def claim_device(caller: Caller, request: Request) -> dict[str, Any]:
    """Answer `{deviceId, name, serialNumber, claimedAt}`; also when the caller owns it already."""
    if request.setup_code is None and settings.require_setup_code():
        raise BadRequest("Give the setup code.", field="setupCode")
    owned = claim.claim(caller.uid, _label(request), request.setup_code, request.name)
    return {
        "deviceId": owned.device_id,
        "name": owned.name,
        "serialNumber": owned.serial_number,
        "claimedAt": iso(owned.claimed_at),
    }


def _label(request: Request) -> Label:
    if (request.serial_number is None) == (request.device_id is None):
        raise BadRequest("Give either serialNumber or deviceId.", field="serialNumber")
    if request.device_id is None:
        return Label.of_serial(request.serial_number or "")
    try:
        return Label(device_id=normalise_device_id(request.device_id))
    except ValueError as failure:
        raise BadRequest(f"{failure}.", field="deviceId") from None
