"""What a fleet costs in a month: quantities counted in this product, times list prices.

Each quantity is a formula over the fleet's habits, with numbers that the project's own tests and
benchmarks count. Small quantities are left out; `docs/cost.md` lists them.
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
"""Event and device document, then the device's status, and when it came online."""
STATUS_READS: Final = 24
"""At most this many of the last status events decide presence (presence.HISTORY)."""
TRANSITION_WRITES: Final = 7
"""An alert begins or ends, and a mail says so: alert, device, log; the delivery is made, taken and
settled, and counted."""
TRANSITION_READS: Final = 22
"""The judgement: device, alert, and about 3 events. The log's entry, preferences, guests; the
delivery, each time it changes, and 7 documents that say whether the recipient may know."""
TRANSITION_REQUESTS: Final = 4
"""One to fan out, and three of the delivery's changes."""
TRANSITION_DOCUMENTS: Final = 2
"""What is left, and deleted by TTL one day: the log's entry and the delivery."""
LOADING_INSTANCES: Final = 2
"""Instances of ingest that read a device's alerts again after each change of one."""
COMMAND_WRITES: Final = 6
"""Four before the call (record, device document, registry, activity), two after it."""
COMMAND_DOCUMENTS: Final = 2
"""What is left of a command, and deleted by TTL one day: its record and the activity."""
PROFILE_READS: Final = 1
PAGE_READS: Final = 42
"""A device's page: 20 events, 10 commands, 10 activities, 2 rollups; its alerts come to them
(docs/web.md)."""
QUERIES_PER_OPENING: Final = 2
QUERIES_PER_PAGE: Final = 5
"""Each query also costs a read of the tombstone, which the rules make."""
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
COMMAND_BYTES: Final = 570
"""A command's record and activity without their index entries."""
COMMAND_INDEX_BYTES: Final = 5250
"""Their index entries: of each field without an exemption in both directions, and the composite
ones."""
BACKUPS: Final = 7
"""Daily backups that are kept (deploy/project.sh)."""
READ_BYTES: Final = 1200
"""The average size of a document that is sent to an app."""
MESSAGE_BYTES: Final = 300
"""A message's attributes and frame, besides its data."""
LEAST_MESSAGE: Final = 1000
"""The least that Pub/Sub charges for a request, in bytes."""

EVENTS_PER_SECOND: Final = 400
"""Assumed for one instance of ingest: 2.5 ms of its CPU for each event, where the benchmarks
measured 1.1 to 2.4."""
BILLED_STEP: Final = 0.1
"""Seconds to which an instance's busy time is rounded up."""
CALL_SECONDS: Final = 1.0
"""How long a function call keeps an instance busy."""
MEMORY_GIB: Final = 0.5
SCHEDULED: Final = (2 * 12 + 60) * 24 * DAYS
"""Runs of two functions that are scheduled every five minutes, and of one every minute."""

OPERATION_BYTES: Final = 1024
BLOCK_DEVICES: Final = 100
BLOCK_OPERATIONS: Final = 720_000


@dataclass(frozen=True)
class Fleet:
    """Devices, and what they and their owners do; each number is for one device or customer."""

    devices: int = 1000
    events_per_hour: float = 6.0
    event_bytes: int = 120
    """Bytes of data in an event."""
    event_names: int = 2
    """Names of events with numbers."""
    system_events_per_day: float = 26.0
    """Particle's own events: vitals each hour, a session's start and end."""
    status_events_per_day: float = 2.0
    devices_per_customer: float = 1.0
    openings_per_day: float = 1.0
    """How often a customer opens the app, each time to look at one device."""
    minutes_watched: float = 3.0
    commands_per_day: float = 2.0
    alerts: float = 0.0
    alert_transitions_per_day: float = 0.0
    """How often an alert begins or ends, each time with a mail."""
    retention_days: int = 90
    rollup_retention_days: int = 400
    command_retention_days: int = 400
    """How long records of commands and activity are kept."""


@dataclass(frozen=True)
class Price:
    """A list price, and where it was seen."""

    name: str
    usd: float
    per: int
    free: int
    """The monthly quantity that is free of charge."""
    confirmed: bool
    seen: date
    source: str
    note: str

    def of(self, quantity: float) -> float:
        """US dollars for a month's quantity."""
        return max(0.0, quantity - self.free) * self.usd / self.per


def read_prices(file: Path = PRICES) -> dict[str, Price]:
    """The prices, by the names that `quantities` uses."""
    with file.open("rb") as toml:
        return {key: Price(**fields) for key, fields in tomllib.load(toml).items()}


def quantities(fleet: Fleet) -> dict[str, float]:
    """The quantities that a fleet uses in a month, by the name of the price."""
    customers = fleet.devices / fleet.devices_per_customer
    openings = customers * fleet.openings_per_day * DAYS
    commands = fleet.devices * fleet.commands_per_day * DAYS
    own = fleet.devices * fleet.events_per_hour * 24 * DAYS
    system = fleet.devices * fleet.system_events_per_day * DAYS
    status = fleet.devices * fleet.status_events_per_day * DAYS
    rollups = fleet.devices * (fleet.event_names + 1) * DAYS
    transitions = fleet.devices * fleet.alert_transitions_per_day * DAYS
    events = own + system

    message = max(LEAST_MESSAGE, MESSAGE_BYTES + fleet.event_bytes)
    reads = openings * _reads_of_an_opening(fleet)
    busy = _ingest_seconds(events / SECONDS) + commands * CALL_SECONDS
    stored = _stored_bytes(fleet)
    operations = own * math.ceil(fleet.event_bytes / OPERATION_BYTES) + commands
    return {
        "writes": (events - status) * WRITES_PER_EVENT
        + status * WRITES_PER_STATUS_EVENT
        + commands * COMMAND_WRITES
        + transitions * TRANSITION_WRITES,
        "reads": reads
        + status * STATUS_READS
        + transitions * (TRANSITION_READS + LOADING_INSTANCES * fleet.alerts),
        "ttl_deletes": events
        + rollups
        + commands * COMMAND_DOCUMENTS
        + transitions * TRANSITION_DOCUMENTS,
        "storage": stored,
        "recovery": stored,
        "backups": BACKUPS * stored,
        "egress": reads * READ_BYTES,
        "requests": events + status / 2 + commands + transitions * TRANSITION_REQUESTS + SCHEDULED,
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
        + fleet.alerts
        + QUERIES_PER_OPENING
        + QUERIES_PER_PAGE
        # Each event costs a read of the device's document, and one of itself on the device's page.
        + live * (fleet.devices_per_customer + 1)
        + seconds / CHART_REFRESH * 2
    )


def _ingest_seconds(rate: float) -> float:
    """How long ingest's instances are busy in a month, in seconds, at a rate of events per second.

    Events arrive independently of each other. Each keeps an instance busy for at least one billed
    step, which overlapping events share. When one instance is not enough, more run.
    """
    overlapping = 1 - math.exp(-rate * BILLED_STEP)
    return SECONDS * max(overlapping, rate / EVENTS_PER_SECOND)


def _stored_bytes(fleet: Fleet) -> float:
    """Size of the stored events, rollups and commands, in a fleet as old as its retention.

    An event contains its data twice, as published and parsed.
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
    commands = (
        fleet.commands_per_day
        * fleet.command_retention_days
        * (COMMAND_BYTES + COMMAND_INDEX_BYTES)
    )
    return fleet.devices * (events + rollups + commands)
