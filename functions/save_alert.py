"""Callable `save_alert`: make an alert of a device, or change one."""

import math
from typing import Annotated, Any

from msgspec import Meta

from shared.alerts import rules
from shared.alerts.rules import Wanted
from shared.api.callables import callable_function
from shared.api.requests import AlertId, Caller, DeviceId, DeviceName, Input
from shared.errors import BadRequest
from shared.telemetry.alerts.rule import LONGEST_TEXT, Kind, Op, Rule, Silence, Threshold
from shared.telemetry.alerts.stored import Severity

_DAY = 24 * 3600
_REMIND_HOURS = 4


class Request(Input, frozen=True):
    """Which value of the device breaks the alert's rule and for how long, or how long a silence."""

    device_id: DeviceId
    name: DeviceName
    kind: Kind
    alert_id: AlertId | None = None
    """Which alert to change; without it, a new one is made."""
    severity: Severity = Severity.WARNING
    enabled: bool = True
    event: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    """Whose value it is. For silence: which event is missed; without it, any sign of life."""
    metric: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    """The path of a value in an object, its keys joined with `.`; without it, the whole value."""
    op: Op | None = None
    value: bool | int | float | Annotated[str, Meta(max_length=LONGEST_TEXT)] | None = None
    clear: float | None = None
    """For `above` and `below`: where it is over. By default, at `value`."""
    for_seconds: Annotated[int, Meta(ge=0, le=_DAY)] | None = None
    """How long the value has to be like that; 0 by default."""
    silent_seconds: Annotated[int, Meta(ge=900, le=30 * _DAY)] | None = None
    remind_hours: Annotated[int, Meta(ge=0, le=168)] | None = None
    """How often a critical alert is reported again until it is acknowledged. 0 for never."""


_OF_THRESHOLD = ("metric", "op", "value", "clear", "for_seconds")
_WORDS = {"for_seconds": "forSeconds", "silent_seconds": "silentSeconds"}


@callable_function(Request)
def save_alert(caller: Caller, request: Request) -> dict[str, Any]:
    """Answer `{alertId, state}`, as the alert is then."""
    rule = _threshold(request) if request.kind is Kind.THRESHOLD else _silence(request)
    wanted = Wanted(request.name, request.severity, request.enabled, rule, _remind_hours(request))
    alert_id, state = rules.save(caller.uid, request.device_id, request.alert_id, wanted)
    return {"alertId": alert_id, "state": state.value}


def _threshold(request: Request) -> Rule:
    _refuse(request, ("silent_seconds",))
    op, value, clear = request.op, request.value, request.clear
    if request.event is None or op is None or value is None:
        missing = "event" if request.event is None else "op" if op is None else "value"
        raise BadRequest("An alert with a threshold needs this field.", field=missing)
    if isinstance(value, float) and not math.isfinite(value):
        raise BadRequest("This is no number.", field="value")
    if op in {Op.ABOVE, Op.BELOW}:
        if isinstance(value, bool | str):
            raise BadRequest("Compare with a number.", field="value")
        if clear is not None and not (clear <= value if op is Op.ABOVE else clear >= value):
            # Otherwise the alert would fire and end with the same value.
            raise BadRequest("The alert cannot end where it still fires.", field="clear")
    elif clear is not None:
        raise BadRequest("Only `above` and `below` have this field.", field="clear")
    return Threshold(request.event, request.metric, op, value, clear, request.for_seconds or 0)


def _silence(request: Request) -> Rule:
    _refuse(request, _OF_THRESHOLD)
    if request.silent_seconds is None:
        raise BadRequest("An alert for silence needs this field.", field="silentSeconds")
    return Silence(request.event, request.silent_seconds)


def _refuse(request: Request, fields: tuple[str, ...]) -> None:
    for name in fields:
        if getattr(request, name) is not None:
            raise BadRequest(
                "The other kind of alert has this field.", field=_WORDS.get(name, name)
            )


def _remind_hours(request: Request) -> int | None:
    if request.severity is not Severity.CRITICAL:
        if request.remind_hours:
            raise BadRequest("Only critical alerts are reported again.", field="remindHours")
        return None
    return _REMIND_HOURS if request.remind_hours is None else request.remind_hours or None
