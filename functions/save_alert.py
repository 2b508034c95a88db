"""Callable `save_alert`: make an alert of a device, or change one."""

import math
from typing import Annotated, Any

from msgspec import Meta

from shared.alerts import rules
from shared.alerts.rules import Wanted
from shared.api.callables import callable_function
from shared.api.requests import AlertId, Caller, DeviceId, DeviceName, Input
from shared.errors import BadRequest
from shared.telemetry.alert import LONGEST_TEXT, Op, Rule, Severity

_DAY = 24 * 3600


class Request(Input, frozen=True):
    """Which value of the device breaks the alert's rule, and for how long it has to."""

    device_id: DeviceId
    name: DeviceName
    event: Annotated[str, Meta(min_length=1, max_length=64)]
    op: Op
    value: bool | float | Annotated[str, Meta(max_length=LONGEST_TEXT)]
    alert_id: AlertId | None = None
    """Which alert to change; without it, a new one is made."""
    severity: Severity = Severity.WARNING
    enabled: bool = True
    metric: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    clear: float | None = None
    for_seconds: Annotated[int, Meta(ge=0, le=_DAY)] = 0


@callable_function(Request)
def save_alert(caller: Caller, request: Request) -> dict[str, Any]:
    """Answer `{alertId, state}`, as the alert is then."""
    wanted = Wanted(request.name, request.severity, request.enabled, _rule(request))
    alert_id, state = rules.save(caller.uid, request.device_id, request.alert_id, wanted)
    return {"alertId": alert_id, "state": state.value}


def _rule(request: Request) -> Rule:
    value, clear = request.value, request.clear
    if request.op in {Op.ABOVE, Op.BELOW}:
        if isinstance(value, bool | str) or not math.isfinite(value):
            raise BadRequest("Compare with a number.", field="value")
        if clear is not None and not (clear <= value if request.op is Op.ABOVE else clear >= value):
            # Otherwise the alert would fire and end with the same value.
            raise BadRequest("The alert cannot end where it still fires.", field="clear")
    elif clear is not None:
        raise BadRequest("Only `above` and `below` have this field.", field="clear")
    if isinstance(value, float) and not math.isfinite(value):
        raise BadRequest("This is no number.", field="value")
    return Rule(request.event, request.metric, request.op, value, clear, request.for_seconds)
