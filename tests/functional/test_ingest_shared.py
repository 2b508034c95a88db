"""Deliveries that wait together share a commit; a failure in it harms no other event."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event as Signal
from typing import Any

import pytest
from google.api_core.exceptions import DeadlineExceeded, InternalServerError, InvalidArgument

from local.client import Account
from shared.firestore import paths, raw
from shared.telemetry import batch, ingest, rollup
from shared.telemetry import message as messages
from shared.telemetry.message import UnstorableError, event_in, read
from shared.telemetry.pending import PendingEvent
from shared.telemetry.writer import Outcome
from tests.functional.conftest import Label
from tests.support.functions import call, deliver
from tests.support.telemetry import again, dead_letters, device, events, message, outside, rollups


@pytest.fixture(autouse=True)
def _fresh_process(stack: object) -> None:
    ingest.writer.cache_clear()


def together(
    bodies: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    first: dict[str, Any],
    waiting: int | None = None,
) -> list[Any]:
    """Deliver the messages while the commit of `first` is held back, so that they wait together.

    With `waiting`, only so many of them wait, since the others belong in no batch.
    """
    entered, held = Signal(), Signal()
    commit = raw.commit

    def hold(*args: Any, **kwargs: Any) -> Any:
        if not entered.is_set():
            entered.set()
            assert held.wait(20)
        return commit(*args, **kwargs)

    def deliver_one(body: dict[str, Any]) -> Any:
        try:
            return ingest.ingest(body)
        except Exception as failure:  # noqa: BLE001 - what it raises is the result
            return failure

    writer = ingest.writer()
    with monkeypatch.context() as patch, ThreadPoolExecutor(64) as pool:
        patch.setattr(raw, "commit", hold)
        # However many wait, no second commit takes them.
        patch.setattr(writer._commits, "_max_batches", 1)
        leading = pool.submit(deliver_one, first)
        assert entered.wait(20)
        results = [pool.submit(deliver_one, body) for body in bodies]
        number = len({event_id(body) for body in bodies}) if waiting is None else waiting
        while len(writer._commits._queue) < number:
            assert waiting is not None or not any(result.done() for result in results)
        held.set()
        assert leading.result() is Outcome.STORED
        return [result.result() for result in results]


def event_id(body: dict[str, Any]) -> str:
    return event_in(read(body), datetime.now(UTC)).id


def several(label: Label, count: int, name: str = "temperature") -> list[dict[str, Any]]:
    start = datetime.now(UTC)
    return [
        message(label.device_id, str(n), name, at=start + timedelta(milliseconds=n))
        for n in range(count)
    ]


def test_deliveries_that_wait_share_a_commit(
    owned: Label,
    customer: Account,
    monkeypatch: pytest.MonkeyPatch,
    firestore_requests: Callable[[], list[str]],
) -> None:
    first, *bodies = several(owned, 31)
    deliver(message(owned.device_id, "0", "warm"))
    firestore_requests()
    outcomes = together(bodies, monkeypatch, first)
    assert outcomes == [Outcome.STORED] * 30
    assert firestore_requests() == ["Commit", "Commit"]
    assert len(events(customer, owned)) == 32
    assert device(customer, owned)["latest"]["temperature"]["value"] == 30


def test_copies_in_a_batch_are_one_event(
    owned: Label, customer: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = several(owned, 3)
    copies = [again(second), again(second), third, again(second)]
    outcomes = together([second, third], monkeypatch, first)
    assert outcomes == [Outcome.STORED] * 2
    assert [ingest.ingest(copy) for copy in copies] == [Outcome.COPY] * 4
    assert len(events(customer, owned)) == 3


def test_one_stored_before_fails_no_neighbour(
    owned: Label, customer: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *bodies = several(owned, 20)
    for body in bodies[3:6]:
        deliver(body)
    ingest.writer.cache_clear()  # another instance, which does not remember
    outcomes = together(bodies, monkeypatch, first)
    assert outcomes.count(Outcome.COPY) == 3
    assert outcomes.count(Outcome.STORED) == 16
    assert len(events(customer, owned)) == 20
    (found,) = rollups(customer, owned).values()
    assert sum(cell["count"] for cell in found["metrics"]["value"].values()) == 20


@pytest.mark.parametrize(
    ("failure", "expected"),
    [(InvalidArgument, UnstorableError), (InternalServerError, InternalServerError)],
)
def test_one_that_firestore_refuses_fails_no_neighbour(
    failure: type[Exception],
    expected: type[Exception],
    owned: Label,
    customer: Account,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, *bodies = several(owned, 12)
    bad = event_id(bodies[7])
    commit = raw.commit

    def refuse(writes: Any, **kwargs: Any) -> Any:
        if any(write.update.name.endswith(bad) for write in writes):
            raise failure("no")
        return commit(writes, **kwargs)

    monkeypatch.setattr(raw, "commit", refuse)
    before = set(dead_letters())
    outcomes = together(bodies, monkeypatch, first)
    assert [type(outcome) for outcome in outcomes].count(expected) == 1
    assert outcomes.count(Outcome.STORED) == 10
    assert len(events(customer, owned)) == 11
    letters = set(dead_letters()) - before
    assert len(letters) == (1 if expected is UnstorableError else 0)


def test_a_damaged_entry_of_the_registry_fails_no_neighbour(
    owned: Label,
    customer: Account,
    new_label: Callable[..., Label],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """By an operator's hand: an owner without a tenure. Its events are kept outside."""
    damaged = [new_label() for _ in range(3)]
    paths.device(damaged[0].device_id).set({"ownerUid": customer.uid})
    for label in damaged[1:]:
        paths.device(label.device_id).update({"ownerUid": customer.uid, "claimedAt": None})
    first, *good = several(owned, 6)
    bad = [message(label.device_id, "1") for label in damaged]
    outcomes = together([*bad[:2], *good, *bad[2:]], monkeypatch, first, waiting=len(good))
    assert outcomes == [Outcome.STORED] * 8
    assert len(events(customer, owned)) == 6
    said = capsys.readouterr().err
    for label in damaged:
        assert [event["value"] for event in outside(label.device_id)] == [1]
        assert any("registry-entry-damaged" in x and label.device_id in x for x in said.split("\n"))


def test_a_fault_of_ours_fails_no_neighbour(
    owned: Label, customer: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = batch.latest_fields

    def fail(name: str, *rest: Any) -> dict[tuple[str, ...], Any]:
        if name == "odd":
            raise KeyError(name)
        return fields(name, *rest)

    monkeypatch.setattr(batch, "latest_fields", fail)
    first, *bodies = several(owned, 12)
    outcomes = together([*bodies, message(owned.device_id, "1", "odd")], monkeypatch, first)
    assert [type(outcome) for outcome in outcomes] == [Outcome] * 11 + [KeyError]
    assert len(events(customer, owned)) == 12
    (found,) = rollups(customer, owned).values()
    assert sum(cell["count"] for cell in found["metrics"]["value"].values()) == 12


def test_a_fault_of_firestores_own_costs_an_event_nothing(
    owned: Label, customer: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has to be delivered again, and is then counted like any other."""
    body = message(owned.device_id, "1")
    commit, calls = raw.commit, iter(range(9))

    def fail_once(writes: Any, **kwargs: Any) -> Any:
        if next(calls) == 0:
            raise InternalServerError("no")  # type: ignore[no-untyped-call]
        return commit(writes, **kwargs)

    monkeypatch.setattr(raw, "commit", fail_once)
    assert deliver(body) == 500
    assert deliver(body) < 300
    (event,) = events(customer, owned)
    assert "uncounted" not in event
    (found,) = rollups(customer, owned).values()
    assert [cell["count"] for cell in found["metrics"]["value"].values()] == [1]


def test_a_transient_fault_is_everybodys(
    owned: Label, customer: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event that is delivered again is a copy, since the commit had been made."""
    first, *bodies = several(owned, 5)
    commit, calls = raw.commit, iter(range(9))

    def lose_the_answer(writes: Any, **kwargs: Any) -> Any:
        result = commit(writes, **kwargs)
        if next(calls) == 1:
            raise DeadlineExceeded("lost")  # type: ignore[no-untyped-call]
        return result

    with monkeypatch.context() as patch:
        patch.setattr(raw, "commit", lose_the_answer)
        outcomes = together(bodies, patch, first)
    assert [type(outcome) for outcome in outcomes] == [DeadlineExceeded] * 4
    for body in bodies:
        assert ingest.ingest(body) is Outcome.COPY
    assert len(events(customer, owned)) == 5
    assert device(customer, owned)["latest"]["temperature"]["value"] == 4


def test_a_change_of_owner_in_a_batch_fails_no_neighbour(
    owned: Label, customer: Account, another: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    unowned = "d" * 24
    first, *bodies = several(owned, 6)
    deliver(message(owned.device_id, "0", "warm"))
    paths.user_device(customer.uid, owned.device_id).delete()
    paths.device(owned.device_id).update({"ownerUid": None, "claimedAt": None})
    others = [message(unowned, str(n)) for n in range(3)]
    outcomes = together([*bodies, *others], monkeypatch, first)
    assert outcomes == [Outcome.STORED] * 8
    assert len(events(customer, owned)) == 1
    collection = paths.device(owned.device_id).collection(paths.EVENTS)
    assert len(list(collection.stream())) == 6


def test_a_batch_keeps_to_firestores_limits(owned: Label, customer: Account) -> None:
    """40 events with 32 metrics each: 5120 transforms of one rollup, were they in one commit."""
    start = datetime.now(UTC)
    data = {f"m{n}": 1.5 for n in range(32)}
    bodies = [
        message(owned.device_id, json.dumps({**data, "i": n}), at=start + timedelta(minutes=-n * 5))
        for n in range(40)
    ]
    paths.device(owned.device_id).update({"claimedAt": start - timedelta(days=1)})
    place = ingest.writer()._tenures.look_up({owned.device_id})[owned.device_id]
    entries = [PendingEvent(event_in(read(body), start), start) for body in bodies]
    for entry in entries:
        entry.place = place
    batches = list(batch.in_batches(entries))
    assert sum(map(len, batches)) == 40
    for each in batches:
        for write in batch.Batch(each).writes:
            assert len(write.update_transforms) <= 500
    with ThreadPoolExecutor(40) as pool:
        assert all(status < 300 for status in pool.map(deliver, bodies))
    counted = [one["metrics"]["m0"] for one in rollups(customer, owned).values()]
    assert sum(cell["count"] for buckets in counted for cell in buckets.values()) == 40


def test_results_come_in_the_order_of_the_transforms(owned: Label, customer: Account) -> None:
    """Not in that of their field paths: which result is whose is a matter of their places."""
    path = raw.name(paths.USERS, customer.uid, paths.DEVICES, owned.device_id)
    transforms: list[raw.Transform] = [
        (raw.path("order", name), "maximum", number)
        for number, name in enumerate(["z.b", "a", "`c", "x"])
    ]
    write = raw.merge(path, {}, transforms, must_exist=True)
    (result,) = raw.commit([write])
    assert [one.integer_value for one in result.transform_results] == [0, 1, 2, 3]


def test_a_hostile_device_harms_nobody_and_keeps_its_record(
    owned: Label,
    customer: Account,
    new_label: Callable[..., Label],
    another: Account,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Names without end, hundreds of metrics, 16 KB, a clock that is years ahead, all at once."""
    neighbour = new_label()
    call("claim_device", neighbour.claim, another)
    metrics = json.dumps({f"m{n}": n for n in range(600)})
    ahead = datetime.now(UTC) + timedelta(days=3650)
    first, *good = several(neighbour, 15)
    bad = [message(owned.device_id, f"{n}", f"name{n}") for n in range(100, 110)]
    bad += [message(owned.device_id, metrics, f"metrics{n}") for n in range(5)]
    bad += [message(owned.device_id, "x" * 16_384, "long")]
    bad += [message(owned.device_id, "1", "clock", at=ahead)]
    outcomes = together([*bad, *good], monkeypatch, first)
    assert outcomes == [Outcome.STORED] * (len(bad) + len(good))
    assert len(events(another, neighbour)) == 15
    assert device(another, neighbour)["latest"]["temperature"]["value"] == 14
    assert len(events(customer, owned)) == len(bad)
    newest = max(event["publishedAt"] for event in events(customer, owned))
    assert newest < datetime.now(UTC) + timedelta(minutes=6)


def test_a_full_device_document_does_not_end_the_record(
    owned: Label, customer: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Firestore refuses documents above 1 MiB; its emulator does not, so a field is refused."""
    fields = batch.latest_fields

    def full(name: str, *rest: Any) -> dict[tuple[str, ...], Any]:
        return fields(name, *rest) | {("latest", "__full__"): 1}

    monkeypatch.setattr(batch, "latest_fields", full)
    assert deliver(message(owned.device_id, "1")) < 300
    (event,) = events(customer, owned)
    assert event["value"] == 1
    seen = device(customer, owned)
    assert seen["latest"] == {}
    assert seen["lastSeenAt"] == round(event["publishedAt"].timestamp() * 1000)
    assert "uncounted" not in event
    (found,) = rollups(customer, owned).values()
    assert [cell["count"] for cell in found["metrics"]["value"].values()] == [1]
    with monkeypatch.context() as patch:  # and the rollup besides
        patch.setattr(rollup, "PLAIN", "__full__")
        assert deliver(message(owned.device_id, "2", "other")) < 300
    _, other = events(customer, owned)
    assert (other["value"], other["uncounted"]) == (2, True)
    assert len(rollups(customer, owned)) == 1


def test_a_batch_of_large_events_is_several_commits(owned: Label) -> None:
    now = datetime.now(UTC)
    large = [message(owned.device_id, f"{n}" + "x" * 800_000) for n in range(4)]
    entries = [PendingEvent(event_in(read(body), now), now) for body in large]
    place = ingest.writer()._tenures.look_up({owned.device_id})[owned.device_id]
    for entry in entries:
        entry.place = place
    sizes = [sum(w.ByteSize() for w in batch.Batch(g).writes) for g in batch.in_batches(entries)]
    assert len(sizes) == 2
    assert max(sizes) <= batch.MAX_BYTES
    assert messages.MAX_DATA_BYTES < batch.MAX_BYTES


@pytest.mark.parametrize(
    ("name", "metric", "more"),
    [("`" * 250, "`" * 124, 48_000), ("\\" * 250, "ä" * 62, 10), ("n", "m", 60_000)],
)
def test_paths_of_metrics_are_part_of_a_commit(
    name: str, metric: str, more: int, owned: Label
) -> None:
    """Each is written five times, quoted."""
    now = datetime.now(UTC)
    numbers = {f"{metric}{n:02}": 2**60 + n for n in range(32)}
    place = ingest.writer()._tenures.look_up({owned.device_id})[owned.device_id]
    entries = []
    for n in range(40):
        data = json.dumps({**numbers, "rest": "x" * more})
        body = message(f"{n:024x}", data, f"{name}{n}")
        entry = PendingEvent(event_in(read(body), now), now)
        entry.place = place
        entries.append(entry)
    batches = list(batch.in_batches(entries))
    sizes = [sum(w.ByteSize() for w in batch.Batch(each).writes) for each in batches]
    assert sum(map(len, batches)) == 40
    assert max(sizes) <= batch.MAX_BYTES
    assert max(sizes) > batch.MAX_BYTES / 4, "and no commit is small without need"
