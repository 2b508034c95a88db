"""Callable `save_notifications`: what the caller wants to be told of alerts, and how."""

from typing import Annotated, Any

import msgspec
from google.api_core.exceptions import AlreadyExists
from msgspec import Meta

from shared.api.callables import callable_function
from shared.api.requests import Caller, DeviceId, Input
from shared.errors import BadRequest, SignInRequired
from shared.notifications import preferences
from shared.times import zone

_Time = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z")]


class Hours(msgspec.Struct, rename="camel", forbid_unknown_fields=True, frozen=True):
    """Hours of each day, over midnight if they end before they begin."""

    begin: _Time = msgspec.field(name="from")
    end: _Time = msgspec.field(name="to")
    time_zone: Annotated[str, Meta(min_length=1, max_length=64)]


class Request(Input, frozen=True):
    """What is to change."""

    email: bool | None = None
    push: bool | None = None
    devices: Annotated[dict[DeviceId, bool], Meta(max_length=100)] | None = None
    """Whether they want to be told of a device. By default, of their own and not of others'."""
    quiet_hours: Hours | None = None
    """When only critical alerts are reported; the others are when these hours are over."""
    no_quiet_hours: bool = False


@callable_function(Request)
def save_notifications(caller: Caller, request: Request) -> dict[str, Any]:
    """Answer `{email, push, devices, quietHours}`, as they are then."""
    changes: dict[str, Any] = {}
    if request.email is not None:
        changes["email"] = request.email
    if request.push is not None:
        changes["push"] = request.push
    if hours := request.quiet_hours:
        _check(hours, remove=request.no_quiet_hours)
        changes["quietHours"] = {
            "from": hours.begin,
            "to": hours.end,
            "timeZone": hours.time_zone,
        }
    elif request.no_quiet_hours:
        changes["quietHours"] = None
    try:
        saved = preferences.save(caller.uid, changes, request.devices or {})
    except AlreadyExists:
        raise SignInRequired("This account was deleted.") from None
    return {
        "email": saved.get("email", True),
        "push": saved.get("push", True),
        "devices": saved.get("devices", {}),
        "quietHours": saved.get("quietHours"),
    }


def _check(hours: Hours, *, remove: bool) -> None:
    if remove:
        raise BadRequest("There are quiet hours, or there are none.", field="noQuietHours")
    if hours.begin == hours.end:
        raise BadRequest("They end when they begin.", field="quietHours.to")
    if zone(hours.time_zone) is None:
        raise BadRequest(
            "This is no time zone, such as Europe/Vienna.", field="quietHours.timeZone"
        )
