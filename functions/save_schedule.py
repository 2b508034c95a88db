"""Callable `save_schedule`: make a schedule of a device, or change one."""

from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Any, Literal

from msgspec import Meta

from shared import settings
from shared.api.callables import callable_function
from shared.api.requests import Caller, DeviceId, DeviceName, Input, Name, ScheduleId
from shared.errors import BadRequest
from shared.schedules import plan
from shared.schedules.plan import Wanted
from shared.schedules.timetable import Kind, Timetable
from shared.times import iso, zone

_Day = Annotated[int, Meta(ge=1, le=7)]


class Request(Input, frozen=True):
    """Which function of which device is called when."""

    device_id: DeviceId
    name: DeviceName
    function: Name
    kind: Kind
    time_zone: Annotated[str, Meta(min_length=1, max_length=64)]
    schedule_id: ScheduleId | None = None
    """Which schedule to change; without it, a new one is made."""
    argument: Annotated[str, Meta(max_length=1024)] = ""
    enabled: bool = True
    time: Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z")] | None = None
    days: Annotated[list[_Day], Meta(min_length=1, max_length=7)] | None = None
    """ISO days of the week, 1 for Monday; without it, every day."""
    at: Annotated[datetime, Meta(tz=True)] | None = None
    latitude: Annotated[float, Meta(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Meta(ge=-180, le=180)] | None = None
    offset_minutes: Annotated[int, Meta(ge=-180, le=180)] = 0
    when_offline: Literal["fail", "queue"] = "fail"
    expires_in: Annotated[int, Meta(ge=1, le=settings.COMMAND_LONGEST_WAIT)] = settings.COMMAND_WAIT
    """Seconds that a queued call waits for its device."""


@callable_function(Request)
def save_schedule(caller: Caller, request: Request) -> dict[str, Any]:
    """Answer `{scheduleId, dueAt}`: when it is due next; null for never."""
    wanted = Wanted(
        name=request.name,
        enabled=request.enabled,
        function=request.function,
        argument=request.argument,
        when_offline=request.when_offline,
        expires_in_seconds=request.expires_in,
        timetable=_timetable(request),
    )
    saved, due_at = plan.save(caller.uid, request.device_id, request.schedule_id, wanted)
    return {"scheduleId": saved, "dueAt": iso(due_at) if due_at else None}


def _timetable(request: Request) -> Timetable:
    found = zone(request.time_zone)
    if found is None:
        raise BadRequest("This is no time zone, such as Europe/Vienna.", field="timeZone")
    by_sun = request.kind in {Kind.SUNRISE, Kind.SUNSET}
    for field, value, needed in (
        ("time", request.time, request.kind is Kind.TIME),
        ("at", request.at, request.kind is Kind.ONCE),
        ("latitude", request.latitude, by_sun),
        ("longitude", request.longitude, by_sun),
    ):
        if (value is not None) != needed:
            words = "needs" if needed else "has not"
            raise BadRequest(f"A schedule of this kind {words} this field.", field=field)
    if request.offset_minutes and not by_sun:
        raise BadRequest("Only sunrise and sunset have this field.", field="offsetMinutes")
    if request.at and request.enabled and request.at <= datetime.now(UTC):
        raise BadRequest("This time has passed.", field="at")
    place = None
    if request.latitude is not None and request.longitude is not None:
        place = (request.latitude, request.longitude)
    return Timetable(
        kind=request.kind,
        zone=found,
        at=request.at and request.at.astimezone(UTC),
        days=frozenset(request.days or range(1, 8)),
        local=time.fromisoformat(request.time) if request.time else None,
        place=place,
        offset=timedelta(minutes=request.offset_minutes),
    )
