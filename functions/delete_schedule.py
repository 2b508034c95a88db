"""Callable `delete_schedule`: delete a schedule of a device."""

from typing import Any

from shared.api.callables import callable_function
from shared.api.requests import Caller, DeviceId, Input, ScheduleId
from shared.schedules import plan


class Request(Input, frozen=True):
    """Which schedule of which device."""

    device_id: DeviceId
    schedule_id: ScheduleId


@callable_function(Request)
def delete_schedule(caller: Caller, request: Request) -> dict[str, Any]:
    """Answer `{}`. A schedule that does not exist is no failure."""
    plan.delete(caller.uid, request.device_id, request.schedule_id)
    return {}
