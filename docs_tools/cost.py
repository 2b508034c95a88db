"""What a fleet costs in a month: quantities counted in this product, times list prices.

Each quantity is a formula over the fleet's habits, with the numbers that the project's own tests
and benchmarks count. What is small beside the rest is left out, and `docs/cost.md` says what.
"""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

PRICES: Final = Path(__file__).parent / "prices.toml"

DAYS: Final = 30
SECONDS: Final = DAYS * 86_400

WRITES_PER_EVENT: Final = 3
"""Event, device document, rollup (docs/benchmarks.md, "Firestore's share of an event")."""
WRITES_PER_STATUS_EVENT: Final = 4
"""Event and device document; the device's status, and when it was online (telemetry/repair)."""
STATUS_READS: Final = 24
"""The last status events that presence is judged by, at most (presence.HISTORY)."""
COMMAND_WRITES: Final = 6
"""Four before the call (record, device document, registry, activity), two after it."""
PROFILE_READS: Final = 1
PAGE_READS: Final = 42
"""A device's page: 20 events, 10 commands, 10 activities, 2 rollups (docs/web.md)."""
QUERIES_PER_OPENING: Final = 2
QUERIES_PER_PAGE: Final = 4
"""Each query also costs the read of the tombstone that the rules ask for."""
CHART_REFRESH: Final = 300
"""Seconds after which an open chart reads its 2 rollups again."""

EVENT_BYTES: Final = 420
"""An event's document without its data: path, fields, times."""
INDEX_BYTES: Final = 620
"""Index entries of an event: name, time, and both together."""
ROLLUP_BYTES: Final = 300
BUCKET_BYTES: Final = 90
BUCKETS: Final = 288
VITALS_METRICS: Final = 4
"""Numbers in a device's vitals to three levels, such as `device.system.uptime`."""
READ_BYTES: Final = 1200
"""A document on its way to an app, on average."""
MESSAGE_BYTES: Final = 300
"""A message's attributes and frame, besides its data."""
LEAST_MESSAGE: Final = 1000
"""Bytes that Pub/Sub charges for a request at least."""

EVENTS_PER_SECOND: Final = 400
"""What one instance of ingest is taken to store: 2.5 ms of its CPU for each, where the benchmarks
measured 1.1 to 2.4."""
BILLED_STEP: Final = 0.1
"""Seconds to which an instance's busy time is rounded up."""
CALL_SECONDS: Final = 1.0
"""That a call of a device keeps an instance busy."""
MEMORY_GIB: Final = 0.5
SCHEDULED: Final = 2 * 12 * 24 * DAYS
"""Runs of what the clock starts every five minutes."""

OPERATION_BYTES: Final = 1024
BLOCK_DEVICES: Final = 100
BLOCK_OPERATIONS: Final = 720_000


@dataclass(frozen=True)
class Fleet:
    """Devices, and what they and their owners do; all for each device or customer."""

    devices: int = 1000
    events_per_hour: float = 6.0
    event_bytes: int = 120
    """Bytes of data in an event."""
    event_names: int = 2
    """Names of events with numbers."""
    system_events_per_day: float = 26.0
    """Particle's own: vitals each hour, a session's start and end."""
    status_events_per_day: float = 2.0
    devices_per_customer: float = 1.0
    openings_per_day: float = 1.0
    """Times that a customer opens the app, each time looking at one device."""
    minutes_watched: float = 3.0
    commands_per_day: float = 2.0
    retention_days: int = 90
    rollup_retention_days: int = 400


@dataclass(frozen=True)
class Price:
    """A list price, and where it was seen."""

    name: str
    usd: float
    per: int
    free: int
    """Quantity that costs nothing in a month."""
    confirmed: bool
    seen: date
    source: str
    note: str

    def of(self, quantity: float) -> float:
        """US dollars for a month's quantity."""
        return max(0.0, quantity - self.free) * self.usd / self.per


def read_prices(file: Path = PRICES) -> dict[str, Price]:
    """The prices, by what they are for."""
    with file.open("rb") as toml:
        return {key: Price(**fields) for key, fields in tomllib.load(toml).items()}


def quantities(fleet: Fleet) -> dict[str, float]:
    """What a fleet uses in a month, by the name of its price."""
    customers = fleet.devices / fleet.devices_per_customer
    openings = customers * fleet.openings_per_day * DAYS
    commands = fleet.devices * fleet.commands_per_day * DAYS
    own = fleet.devices * fleet.events_per_hour * 24 * DAYS
    system = fleet.devices * fleet.system_events_per_day * DAYS
    status = fleet.devices * fleet.status_events_per_day * DAYS
    rollups = fleet.devices * (fleet.event_names + 1) * DAYS
    events = own + system

    message = max(LEAST_MESSAGE, MESSAGE_BYTES + fleet.event_bytes)
    reads = openings * _reads_of_an_opening(fleet)
    busy = _ingest_seconds(events / SECONDS) + commands * CALL_SECONDS
    operations = own * math.ceil(fleet.event_bytes / OPERATION_BYTES) + commands
    return {
        "writes": (events - status) * WRITES_PER_EVENT
        + status * WRITES_PER_STATUS_EVENT
        + commands * COMMAND_WRITES,
        "reads": reads + status * STATUS_READS,
        "ttl_deletes": events + rollups,
        "storage": _stored_bytes(fleet),
        "egress": reads * READ_BYTES,
        "requests": events + status / 2 + commands + SCHEDULED,
        "cpu": busy,
        "memory": busy * MEMORY_GIB,
        "pubsub": 2 * events * message,
        "blocks": max(
            math.ceil(fleet.devices / BLOCK_DEVICES), math.ceil(operations / BLOCK_OPERATIONS)
        ),
    }


def costs(used: Mapping[str, float], prices: Mapping[str, Price]) -> dict[str, float]:
    """US dollars for each quantity."""
    return {key: price.of(used[key]) for key, price in prices.items()}


def _reads_of_an_opening(fleet: Fleet) -> float:
    """Documents read when the app is opened and one device watched for a while."""
    seconds = fleet.minutes_watched * 60
    live = fleet.events_per_hour / 3600 * seconds
    return (
        PROFILE_READS
        + fleet.devices_per_customer
        + PAGE_READS
        + QUERIES_PER_OPENING
        + QUERIES_PER_PAGE
        # Each event: the document of its device, and itself on that device's page.
        + live * (fleet.devices_per_customer + 1)
        + seconds / CHART_REFRESH * 2
    )


def _ingest_seconds(rate: float) -> float:
    """Seconds in a month that ingest's instances are busy, at so many events in a second.

    Events come independently of each other and each keeps an instance busy for one step of the
    bill at least; those that overlap share it. Above what one instance can do, more run.
    """
    overlapping = 1 - math.exp(-rate * BILLED_STEP)
    return SECONDS * max(overlapping, rate / EVENTS_PER_SECOND)


def _stored_bytes(fleet: Fleet) -> float:
    """Events and rollups that are kept, in a fleet as old as its retention.

    An event's data stands in it twice, as published and parsed.
    """
    events_a_day = fleet.events_per_hour * 24 + fleet.system_events_per_day
    events = (
        events_a_day * fleet.retention_days * (EVENT_BYTES + INDEX_BYTES + 2 * fleet.event_bytes)
    )
    buckets = min(BUCKETS, fleet.events_per_hour * 24 / fleet.event_names)
    rollups = (
        fleet.event_names * fleet.rollup_retention_days * (ROLLUP_BYTES + buckets * BUCKET_BYTES)
    )
    vitals = fleet.system_events_per_day - fleet.status_events_per_day
    rollups += fleet.rollup_retention_days * (ROLLUP_BYTES + vitals * VITALS_METRICS * BUCKET_BYTES)
    return fleet.devices * (events + rollups)
