"""Callable `delete_alert`: delete an alert of a device."""

from typing import Any

from shared.alerts import rules
from shared.api.callables import callable_function
from shared.api.requests import AlertId, Caller, DeviceId, Input


class Request(Input, frozen=True):
    """Which alert of which device."""

    device_id: DeviceId
    alert_id: AlertId


@callable_function(Request)
def delete_alert(caller: Caller, request: Request) -> dict[str, Any]:
    """Answer `{}`. An alert that does not exist is no failure."""
    rules.delete(caller.uid, request.device_id, request.alert_id)
    return {}
