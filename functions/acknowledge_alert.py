"""Callable `acknowledge_alert`: say that somebody sees to an alert that fires."""

from typing import Any

from shared.alerts import rules
from shared.api.callables import callable_function
from shared.api.requests import AlertId, Caller, DeviceId, Input
from shared.times import iso


class Request(Input, frozen=True):
    """Which alert of which device."""

    device_id: DeviceId
    alert_id: AlertId


@callable_function(Request)
def acknowledge_alert(caller: Caller, request: Request) -> dict[str, Any]:
    """Answer `{acknowledgedAt}`: when somebody said so first. No reminder of it follows."""
    at = rules.acknowledge(caller.uid, request.device_id, request.alert_id)
    return {"acknowledgedAt": iso(at)}
