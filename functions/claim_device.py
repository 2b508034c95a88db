"""Callable `claim_device`: make the caller the owner of a device."""

from typing import Annotated, Any

from msgspec import Meta

from shared import ownership, settings
from shared.callables import Caller, Input, callable_function, iso
from shared.errors import BadRequest, WrongSerialOrCode
from shared.setup_codes import normalise_device_id, normalise_serial

_Label = Annotated[str, Meta(min_length=1, max_length=256)]


class Request(Input, frozen=True):
    """What is printed on the device, and a name for it."""

    setup_code: _Label
    serial_number: _Label | None = None
    device_id: _Label | None = None
    name: Annotated[str, Meta(min_length=1, max_length=100)] | None = None


@callable_function(Request, secrets=[*settings.PARTICLE_SECRETS, settings.SETUP_CODE_PEPPER])
def claim_device(caller: Caller, request: Request) -> dict[str, Any]:
    """Answer `{deviceId, name, serialNumber, claimedAt}`; again for one who owns it already."""
    owned = ownership.claim(caller.uid, _device_id(request), request.setup_code, request.name)
    return {
        "deviceId": owned.device_id,
        "name": owned.name,
        "serialNumber": owned.serial_number,
        "claimedAt": iso(owned.claimed_at),
    }


def _device_id(request: Request) -> str:
    if (request.serial_number is None) == (request.device_id is None):
        raise BadRequest("Give either serialNumber or deviceId.", field="serialNumber")
    if request.device_id is not None:
        try:
            return normalise_device_id(request.device_id)
        except ValueError as failure:
            raise BadRequest(f"{failure}.", field="deviceId") from None
    try:
        serial_number = normalise_serial(request.serial_number or "")
    except ValueError:
        # Typed by a person from a label: to them it is a wrong serial number, no malformed one.
        raise WrongSerialOrCode from None
    return ownership.device_of_serial(serial_number)
