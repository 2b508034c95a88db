"""Faults that tests inject: into answers, into devices and into the delivery of events."""

import asyncio
import fnmatch
import itertools
from collections.abc import Callable
from typing import Any, Literal

import msgspec

from simulator.world.clock import Clock
from simulator.world.events import Event

FaultKind = Literal[
    "status",
    "slow",
    "cut-before",
    "cut-after",
    "token-expired",
    "token-revoked",
    "offline",
    "hang",
    "duplicate",
    "late",
    "reorder",
    "silent",
]
# The kinds of faults by what they strike: requests, devices, or events.
REQUEST_KINDS = frozenset(
    {"status", "slow", "cut-before", "cut-after", "token-expired", "token-revoked"}
)
DEVICE_KINDS = frozenset({"offline", "hang"})
DELIVERY_KINDS = frozenset({"duplicate", "late", "reorder", "silent"})


class Where(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a fault strikes: what matches all of these; without any, everything.

    Attributes:
        route: a method and a path, or a path; `*` stands for any text, including slashes.
        device: the id of a device.
        integration: the id of an integration.
    """

    route: str | None = None
    device: str | None = None
    integration: str | None = None

    def matches_route(self, method: str, path: str) -> bool:
        """Whether a request is on the route."""
        if self.route in {None, "*"}:
            return True
        pattern = self.route or ""
        target = f"{method} {path}" if " " in pattern else path
        return fnmatch.fnmatchcase(target, pattern)


class Effect(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a fault does.

    Attributes:
        kind: of the fault.
        status: of the answer of a `status` fault.
        body: of that answer.
        headers: of that answer.
        effect: whether a request with a `status` fault still takes effect, and whether a function
            of a device with a `hang` fault still runs.
        seconds: the delay of a `slow` or `late` fault.
        copies: further deliveries of an event with a `duplicate` fault.
        window: how many events a `reorder` fault collects before it sends them.
    """

    kind: FaultKind
    status: int = 500
    body: Any = None
    headers: dict[str, str] = {}
    effect: bool = False
    seconds: float = 1.0
    copies: int = 1
    window: int = 2


class Fault(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A fault to put in force; it ends after `count` strikes or `seconds`, if those are given."""

    where: Where = msgspec.field(default_factory=Where)
    fault: Effect
    count: int | None = None
    seconds: float | None = None


class ActiveFault(msgspec.Struct, kw_only=True):
    """A fault in force.

    Attributes:
        id: of the fault.
        where: what it strikes.
        fault: what it does.
        remaining: strikes after which it ends, if it was given a number.
        until: when it ends, if it was given a time; seconds since 1970.
        hits: how often it has struck.
    """

    id: str
    where: Where
    fault: Effect
    remaining: int | None
    until: float | None
    hits: int = 0


class Faults:
    """All faults in force.

    Attributes:
        on_end: called with the id of a fault that has ended.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._active: dict[str, ActiveFault] = {}
        self._numbers = itertools.count(1)
        self.on_end: Callable[[str], None] = lambda _: None

    def add(self, fault: Fault) -> str:
        """Put a fault in force and return its id."""
        fault_id = str(next(self._numbers))
        until = None if fault.seconds is None else self._clock.now() + fault.seconds
        self._active[fault_id] = ActiveFault(
            id=fault_id,
            where=fault.where,
            fault=fault.fault,
            remaining=fault.count,
            until=until,
        )
        if fault.seconds is not None:
            asyncio.get_running_loop().call_later(fault.seconds, self._expire)
        return fault_id

    def active(self) -> list[ActiveFault]:
        """Return the faults in force."""
        self._expire()
        return list(self._active.values())

    def remove(self, fault_id: str) -> bool:
        """End a fault; false when there is none with this id."""
        if self._active.pop(fault_id, None) is None:
            return False
        self.on_end(fault_id)
        return True

    def clear(self) -> None:
        """End all faults."""
        for fault_id in list(self._active):
            self.remove(fault_id)

    def _expire(self) -> None:
        now = self._clock.now()
        for fault in list(self._active.values()):
            if fault.until is not None and fault.until <= now:
                self.remove(fault.id)

    def __bool__(self) -> bool:
        return bool(self._active)

    def hit(
        self,
        kinds: frozenset[str],
        *,
        method: str = "",
        path: str = "",
        device: str | None = None,
        integration: str | None = None,
    ) -> list[ActiveFault]:
        """Return the faults of these kinds that strike here, and count each strike."""
        if not self._active:
            return []
        self._expire()
        struck = []
        for fault in list(self._active.values()):
            where = fault.where
            if (
                fault.fault.kind not in kinds
                or (where.device and where.device.lower() != device)
                or where.integration != integration
                or (where.route is not None and not where.matches_route(method, path))
            ):
                continue
            struck.append(fault)
            fault.hits += 1
            if fault.remaining is not None:
                fault.remaining -= 1
                if fault.remaining <= 0:
                    # Not by `remove`: the last event that it struck has still to be handled.
                    del self._active[fault.id]
        return struck


class Shaper:
    """Applies faults to the delivery of events."""

    def __init__(self, forward: Callable[[Event], None]) -> None:
        self._forward = forward
        self._held: dict[str, list[Event]] = {}

    def send(self, event: Event, struck: list[ActiveFault]) -> None:
        """Forward an event as these faults make it: now, later, more than once or not at all."""
        events = [event]
        delay = 0.0
        for fault in struck:
            effect = fault.fault
            if effect.kind == "silent":
                return
            if effect.kind == "duplicate":
                events = events * (1 + effect.copies)
            elif effect.kind == "late":
                delay += effect.seconds
            elif effect.kind == "reorder":
                held = self._held.setdefault(fault.id, [])
                held.extend(events)
                events = []
                if len(held) >= effect.window or fault.remaining == 0:
                    self.release(fault.id)
        for each in events:
            if delay:
                asyncio.get_running_loop().call_later(delay, self._forward, each)
            else:
                self._forward(each)

    def release(self, fault_id: str) -> None:
        """Forward the events that a `reorder` fault holds back, the newest first."""
        for event in reversed(self._held.pop(fault_id, [])):
            self._forward(event)
