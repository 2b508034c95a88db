"""Commits events: each once, below its owner, without reads on the usual way.

One commit creates the event and updates the owner's device document. What makes it safe without
reading first:

- the event's id is derived from its content: a copy fails the whole commit with ALREADY_EXISTS,
- the device document exists only while the customer owns the device: after a change of owner the
  commit fails with NOT_FOUND,
- the commit returns `claimEpoch`, so a tenure remembered from before a release and a new claim by
  the same customer is found out,
- the commit returns the greatest `order` seen for the event's name; when that is not ours, we
  wrote an older value into `latest`, and `_settle` puts the newest there again.

`_settle` and `_move_out` can be repeated, and a redelivery repeats them: it runs into
ALREADY_EXISTS, which leads there too.
"""

import re
from collections import OrderedDict
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from google.api_core.exceptions import (
    Aborted,
    AlreadyExists,
    InvalidArgument,
    NotFound,
    ResourceExhausted,
    ServiceUnavailable,
)
from google.api_core.retry import Retry, if_exception_type
from google.cloud.firestore import (
    DELETE_FIELD,
    DocumentReference,
    FieldFilter,
    Increment,
    Maximum,
    Query,
)
from google.cloud.firestore_v1.field_path import FieldPath

from shared import log, settings, store
from shared.telemetry import value as values
from shared.telemetry.message import Event, UnstorableError, order_of
from shared.telemetry.tenure import Tenure, Tenures

MAX_LATEST = 64
"""Event names in a device's `latest`. Further ones are stored, but have no place there."""
ROUNDS = 3
"""Times that the owner is looked up for one event."""
REPAIRS = 10
"""Times that a repair of `latest` is overtaken by a newer event."""
MAX_RECENT = 20_000
"""Event ids that an instance remembers to have stored; about 4 MB."""
STATUS = "spark/status"
"""Particle's own event at a session's start and end; its data are `online` and `offline`."""

_RETRY = Retry(
    predicate=if_exception_type(Aborted, ResourceExhausted, ServiceUnavailable), timeout=20
)
"""The function has 60 seconds: after this, the platform delivers again."""
_RESERVED_KEY = re.compile(r"__.*__", re.DOTALL)


class Recorder:
    """Stores events; safe for threads. One for each process."""

    def __init__(self) -> None:
        """Knowing nothing yet."""
        self._tenures = Tenures()
        self._recent = _Recent()

    def record(self, event: Event, received_at: datetime) -> None:
        """Make the event durable. Raises `UnstorableError` when that can never be.

        Firestore's transient faults are raised as they are: the message has to come again.
        """
        expire_at = event.published_at + timedelta(days=settings.event_retention_days())
        if expire_at <= received_at:
            # Its first copy may have been stored and expired: it must not be counted again.
            raise UnstorableError("too-old")
        if event.id in self._recent:
            return
        try:
            self._store(event, _document(event, received_at, expire_at))
        except InvalidArgument as refusal:
            raise UnstorableError("refused-by-firestore") from refusal
        self._recent.add(event.id)

    def _store(self, event: Event, document: dict[str, Any]) -> None:
        for _ in range(ROUNDS):
            tenure = self._tenures.of(event.device_id)
            if tenure is None or not tenure.holds(event):
                break
            try:
                self._store_in(tenure, event, document)
            except NotFound:
                self._tenures.forget(event.device_id)
                continue
            return
        else:
            log.device_document_missing(event.device_id)
        try:
            _outside(event).create(document, retry=_RETRY)
        except AlreadyExists:
            return

    def _store_in(self, tenure: Tenure, event: Event, document: dict[str, Any]) -> None:
        device = store.user_device(tenure.uid, event.device_id)
        fields = {
            "claimEpoch": Increment(0),
            "lastSeenAt": Maximum(round(event.published_at.timestamp() * 1000)),
        }
        in_latest = self._has_place(tenure, event.name)
        if in_latest:
            fields |= _as_latest(event.name, event.value, event.data, event.published_at)
            fields[_path("latestOrder", event.name)] = Maximum(event.order)
        batch = store.client().batch()
        batch.create(_inside(device, event), document)
        batch.update(device, fields)
        try:
            results = batch.commit(retry=_RETRY)
        except AlreadyExists:
            # Stored before, perhaps by a run that died before it could settle.
            self._settle(tenure, event)
            return
        # In the order of the field paths: claimEpoch, lastSeenAt, latestOrder.
        epoch, _, *order = results[1].transform_results
        stale = epoch.integer_value != tenure.epoch
        overtaken = in_latest and order[0].integer_value > event.order
        if stale or overtaken:
            self._settle(tenure, event)

    def _has_place(self, tenure: Tenure, name: str) -> bool:
        if name in tenure.names:
            return True
        if len(tenure.names) >= MAX_LATEST or _RESERVED_KEY.fullmatch(name):
            return False
        tenure.names.add(name)
        return True

    def _settle(self, believed: Tenure, event: Event) -> None:
        """Mend what the commit may have got wrong: the event's place, and its name in `latest`."""
        tenure = self._tenures.look_up(event.device_id)
        if tenure is None or tenure.uid != believed.uid:
            return  # the device has left that customer, and its document with it
        device = store.user_device(tenure.uid, event.device_id)
        if not tenure.holds(event):
            _move_out(device, event)
        if self._has_place(tenure, event.name):
            _repair_latest(device, event.name)


def _document(event: Event, received_at: datetime, expire_at: datetime) -> dict[str, Any]:
    document = {
        "event": event.name,
        "data": event.data,
        "value": event.value,
        "publishedAt": event.published_at,
        "receivedAt": received_at,
        "expireAt": expire_at,
    }
    if event.value_error:
        document["valueError"] = event.value_error
    if event.encoding:
        document["encoding"] = event.encoding
    return document


def _as_latest(name: str, value: Any, data: str | None, published_at: datetime) -> dict[str, Any]:
    """The device document's fields for the newest event of a name."""
    fields: dict[str, Any] = {
        _path("latest", name): {**values.cut(value, data or ""), "publishedAt": published_at}
    }
    if name == STATUS and value in {"online", "offline"}:
        fields |= {"status": value, "statusAt": published_at}
    return fields


def _without_latest(name: str) -> dict[str, Any]:
    return {_path("latest", name): DELETE_FIELD, _path("latestOrder", name): DELETE_FIELD}


def _path(*keys: str) -> str:
    return str(FieldPath(*keys).to_api_repr())


def _inside(device: DocumentReference, event: Event) -> DocumentReference:
    reference: DocumentReference = device.collection(store.EVENTS).document(event.id)
    return reference


def _outside(event: Event) -> DocumentReference:
    return _inside(store.device(event.device_id), event)


def _move_out(device: DocumentReference, event: Event) -> None:
    """Move an event of before the tenure to where no customer sees it.

    It also leaves `latest`, where `_repair_latest` then writes what belongs there.
    """
    stored = _inside(device, event)
    document = stored.get().to_dict()
    if document is None:
        return
    batch = store.client().batch()
    batch.set(_outside(event), document)
    batch.delete(stored)
    batch.update(device, _without_latest(event.name))
    batch.commit(retry=_RETRY)


def _repair_latest(device: DocumentReference, name: str) -> None:
    """Write the newest event of a name into `latest`, whatever stands there.

    It writes as `_store_in` does, and so sees whether a newer one came in between. Of all who write
    at the same time, the last one has written the greatest `order`, or comes again.
    """
    newest_first = (
        device.collection(store.EVENTS)
        .where(filter=FieldFilter("event", "==", name))
        .order_by("publishedAt", direction=Query.DESCENDING)
        .order_by("__name__", direction=Query.DESCENDING)
        .limit(1)
    )
    for _ in range(REPAIRS):
        newest = next(iter(newest_first.stream()), None)
        if newest is None:
            return
        found = newest.to_dict() or {}
        order = order_of(found["publishedAt"], newest.id)
        fields = _as_latest(name, found["value"], found["data"], found["publishedAt"])
        batch = store.client().batch()
        batch.update(device, {**fields, _path("latestOrder", name): Maximum(order)})
        try:
            (result,) = batch.commit(retry=_RETRY)
        except NotFound:
            return  # the device has left the customer
        if result.transform_results[0].integer_value == order:
            return
    # The platform delivers again, and this is tried again.
    raise RuntimeError(f"latest of {name!r} is overtaken faster than it can be repaired")


class _Recent:
    """The ids of events stored lately, so that their copies cost nothing."""

    def __init__(self) -> None:
        self._ids: OrderedDict[str, None] = OrderedDict()
        self._lock = Lock()

    def __contains__(self, event_id: str) -> bool:
        with self._lock:
            return event_id in self._ids

    def add(self, event_id: str) -> None:
        with self._lock:
            self._ids[event_id] = None
            while len(self._ids) > MAX_RECENT:
                self._ids.popitem(last=False)
