"""Callable `create_claim_code`: a code that a Wi-Fi device presents to Particle during set-up."""

from typing import Any

from shared import settings
from shared.api.callables import callable_function
from shared.api.requests import Caller, Input, LabelText
from shared.claims import claim_code
from shared.claims.label import Label
from shared.errors import BadRequest
from shared.times import iso


class Request(Input, frozen=True):
    """What is printed on the device that is to present the code."""

    serial_number: LabelText
    setup_code: LabelText | None = None


@callable_function(Request, secrets=[*settings.PARTICLE_SECRETS, settings.SETUP_CODE_PEPPER])
def create_claim_code(caller: Caller, request: Request) -> dict[str, Any]:
    """Answer `{claimCode, expiresAt}`.

    The device appears below `users/{uid}/devices` once Particle reports that this very device has
    presented the code.
    """
    if request.setup_code is None and settings.require_setup_code():
        raise BadRequest("Give the setup code.", field="setupCode")
    label = Label.of_serial(request.serial_number)
    made = claim_code.create(caller.uid, label, request.setup_code)
    return {"claimCode": made.code, "expiresAt": iso(made.expires_at)}
