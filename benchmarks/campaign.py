"""The fault campaign: events of many devices, out of order, through workers that keep crashing.

It uses two of the framework's servers, of which a random one gets each delivery, and the Firestore
emulator. In between, a proxy cuts the connection, delays it and makes calls fail. Devices change
their owners. Workers are killed, and deliveries that they have not acknowledged are repeated. At
the end, `audit` checks the result independently, and `alerts` that of the alerts.
"""

import asyncio
import contextlib
import heapq
import json
import random
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count

import grpc

from benchmarks import alerts, world
from benchmarks.audit import LOG, STATUS, Change, Journal, Sent, audit
from benchmarks.load import Connection, request
from benchmarks.proxy import Fault, Proxy
from benchmarks.server import Server
from shared.firestore import paths

WINDOW = 30.0
"""Seconds within which events arrive in any order."""

_NAMES = ("temperature", "climate/in", "a.b`c\\d", "noise", LOG, STATUS)
_WEIGHTS = (23, 23, 23, 23, 4, 4)
_STRANGERS = 2
"""The number of devices that are not in the registry."""
_TIMEOUT = 60.0
"""Seconds for one delivery, which is the timeout of the function."""
_OVERTIME = 600.0


@dataclass(frozen=True)
class Plan:
    """The size of a campaign."""

    events: int
    devices: int
    seed: int
    rate: float = 350.0
    """Deliveries a second, if the machine is fast enough."""
    at_once: int = 32
    kills: int = 10
    cuts: int = 3
    duplicates: float = 0.1
    poison: float = 0.01


@dataclass
class Outcome:
    """The result of the audit."""

    plan: Plan
    problems: list[str]
    counts: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def text(self) -> str:
        """The result as a text for people."""
        facts = ", ".join(f"{number} {what}" for what, number in self.counts.items())
        head = f"Seed {self.plan.seed}: {facts}; {self.seconds:.0f} s."
        if not self.problems:
            return head + " No event lost, doubled, miscounted or with the wrong owner."
        shown = "\n".join(f"- {problem}" for problem in self.problems[:50])
        return f"{head} **{len(self.problems)} problems:**\n\n{shown}"


def run(plan: Plan, environment: Mapping[str, str], firestore: str) -> Outcome:
    """Run and audit the campaign. Raises `TimeoutError` when it does not end in time."""
    return _Campaign(plan).run(environment, firestore)


class _Campaign:
    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._chance = random.Random(plan.seed)  # noqa: S311 - a campaign to be repeated
        self._faults = random.Random(plan.seed + 1)  # noqa: S311 - same
        self._run_id = secrets.token_hex(4)
        owners = [f"campaign-{self._run_id}-{n}" for n in range(max(plan.devices // 4, 4))]
        self._owners = owners
        self._devices = world.new_devices(plan.devices, owners)
        self._strangers = [world.Device(secrets.token_hex(12), None, 0) for _ in range(_STRANGERS)]
        self._numbers = count()
        self._left = 0
        self._killed = self._cut = 0

    def run(self, environment: Mapping[str, str], firestore: str) -> Outcome:
        began = time.monotonic()
        claimed_at = datetime.now(UTC) - timedelta(seconds=2 * WINDOW)
        world.register(self._devices, claimed_at)
        batch = paths.client().batch()
        for device in self._devices:
            alerts.add(batch, device, claimed_at)
        batch.commit()
        self._journal = Journal(
            {
                d.id: [Change(d.uid, d.epoch, claimed_at, claimed_at, claimed_at)]
                for d in (*self._devices, *self._strangers)
            },
            {d.id for d in self._strangers},
        )
        with Proxy(firestore, self._fault) as proxy, contextlib.ExitStack() as stack:
            through = {**environment, "FIRESTORE_EMULATOR_HOST": proxy.address}
            self._servers = [stack.enter_context(self._server(through)) for _ in range(2)]
            self._proxy = proxy
            self._start = time.time() + 0.5
            self._publish_all()
            asyncio.run(asyncio.wait_for(self._deliver_all(), self._duration * 4 + _OVERTIME))
        problems, counts = audit(self._journal)
        wrong, transitions = alerts.audit(self._devices)
        problems += wrong
        counts["begins and ends of alerts"] = transitions
        counts |= {"changes of owner": self._changes, "kills": self._killed, "cuts": self._cut}
        return Outcome(self._plan, problems, counts, time.monotonic() - began)

    @staticmethod
    def _server(environment: Mapping[str, str]) -> Server:
        return Server("ingest", environment, source="benchmarks/with_rules.py")

    # The events

    @property
    def _duration(self) -> float:
        return self._plan.events / self._plan.rate

    def _publish_all(self) -> None:
        self._heap: list[tuple[float, int, Sent]] = []
        for n in range(self._plan.events):
            due = n / self._plan.rate
            if self._chance.random() < self._plan.poison:
                self._queue(self._poison(due))
                continue
            sent = self._event(due)
            self._queue(sent)
            if self._chance.random() < self._plan.duplicates:
                copy = self._message_id() if self._chance.random() < 0.5 else sent.message_id  # noqa: PLR2004 - half
                self._queue(
                    Sent(
                        sent.device_id,
                        sent.name,
                        sent.data,
                        sent.at,
                        copy,
                        due + self._chance.uniform(0, WINDOW / 3),
                        self._body(sent, copy),
                    )
                )
        self._left = self._total = len(self._heap)

    def _queue(self, sent: Sent) -> None:
        self._journal.sent.append(sent)
        heapq.heappush(self._heap, (sent.due, next(self._numbers), sent))

    def _event(self, due: float) -> Sent:
        device = self._chance.choice([*self._devices, *self._strangers])
        (name,) = self._chance.choices(_NAMES, _WEIGHTS)
        at = self._start + due - self._chance.uniform(0, WINDOW)
        time_ = datetime.fromtimestamp(int(at * 1000) / 1000, UTC)
        data = self._log(at) if name == LOG else self._data(name)
        sent = Sent(device.id, name, data, time_, self._message_id(), due, b"")
        sent.request = self._body(sent, sent.message_id)
        return sent

    def _data(self, name: str) -> str:
        chance = self._chance
        if name == STATUS:
            return chance.choice(["online", "offline"])
        if name == "noise":
            return json.dumps(chance.uniform(-1e6, 1e6))
        kinds = [
            str(chance.randint(-1000, 1000)),
            json.dumps(chance.randint(-(2**30), 2**30) / 1024),
            json.dumps(
                {"in": chance.randint(-99, 99), "out": chance.randint(0, 2**20) / 1024, "on": True}
            ),
            f"text {chance.random()}",
            str(2**62 + chance.randint(0, 1000)),
            '{"bad": [[1]], "n": 1}',
        ]
        return chance.choices(kinds, [40, 30, 20, 5, 3, 2])[0]

    def _log(self, at: float) -> str:
        """Samples up to the time of publication, some of them from before the tenure."""
        step = self._chance.choice([0.5, 7, 300])
        numbers = [self._chance.randint(-99, 99) for _ in range(self._chance.randint(0, 12))]
        start = round(at - step * len(numbers), 3)
        return json.dumps({"t0": start, "dt": step, "t": numbers})

    def _poison(self, due: float) -> Sent:
        device = self._chance.choice(self._devices)
        now = datetime.fromtimestamp(self._start + due, UTC)
        body = world.message(device.id, "temperature", "666", now, self._message_id())
        sent = body["message"]
        kind = self._chance.randrange(5)
        if kind == 0:
            sent["attributes"]["device_id"] = "no-device"
        elif kind == 1:
            sent["attributes"]["event"] = ""
        elif kind == 2:  # noqa: PLR2004 - one of five kinds
            sent["data"] = "%%%"
        elif kind == 3:  # noqa: PLR2004 - same
            sent["attributes"]["published_at"] = "2001-01-01T00:00:00.000Z"
        else:
            del sent["attributes"]
        return Sent(device.id, "", "", now, sent["messageId"], due, request(body), poison=True)

    def _message_id(self) -> str:
        return f"{self._run_id}-{next(self._numbers)}"

    def _body(self, sent: Sent, message_id: str) -> bytes:
        return request(world.message(sent.device_id, sent.name, sent.data, sent.at, message_id))

    # The faults and the deliveries

    def _fault(self) -> Fault | None:
        code = grpc.StatusCode
        chosen = self._faults.random()
        for share, fault in (
            (0.010, Fault(code=code.UNAVAILABLE)),
            (0.010, Fault(code=code.UNAVAILABLE, after=True)),
            (0.004, Fault(code=code.ABORTED)),
            (0.002, Fault(code=code.RESOURCE_EXHAUSTED)),
            (0.010, Fault(code=code.INTERNAL)),
            (0.002, Fault(code=code.DEADLINE_EXCEEDED, after=True)),
            (0.020, Fault(delay=self._faults.uniform(0, 0.3))),
        ):
            chosen -= share
            if chosen < 0:
                return fault
        return None

    async def _deliver_all(self) -> None:
        self._progress = asyncio.Condition()
        helpers = [
            asyncio.create_task(self._at_progress(self._plan.kills, self._kill)),
            asyncio.create_task(self._at_progress(self._plan.cuts, self._cut_off)),
            asyncio.create_task(self._change_owners()),
        ]
        await asyncio.gather(*(self._work() for _ in range(self._plan.at_once)))
        await asyncio.gather(*helpers)

    async def _work(self) -> None:
        connections = [Connection(server.port) for server in self._servers]
        while self._left:
            wait = self._heap[0][0] - (time.time() - self._start) if self._heap else 0.05
            if wait > 0:
                await asyncio.sleep(min(wait, 0.05))
                continue
            _, number, sent = heapq.heappop(self._heap)
            sent.first_sent = sent.first_sent or time.time()
            connection = self._chance.choice(connections)
            try:
                acknowledged = await asyncio.wait_for(connection.deliver(sent.request), _TIMEOUT)
            except TimeoutError:
                connection.close()
                acknowledged = False
            if acknowledged:
                sent.acknowledged = time.time()
                self._left -= 1
                async with self._progress:
                    self._progress.notify_all()
            else:
                later = time.time() - self._start + self._chance.uniform(0.1, 0.6)
                heapq.heappush(self._heap, (later, number, sent))
        for connection in connections:
            connection.close()

    async def _at_progress(self, times: int, act: Callable[[], None]) -> None:
        """Call `act` so many times, spread evenly over the deliveries."""
        for n in range(1, times + 1):
            async with self._progress:
                await self._progress.wait_for(partial(self._is_done, self._total * n / (times + 1)))
            await asyncio.to_thread(act)

    def _is_done(self, deliveries: float) -> bool:
        return self._total - self._left >= deliveries

    def _kill(self) -> None:
        self._faults.choice(self._servers).kill_worker()
        self._killed += 1

    def _cut_off(self) -> None:
        self._proxy.cut()
        time.sleep(self._faults.uniform(0.1, 0.8))
        self._proxy.start()
        self._cut += 1

    async def _change_owners(self) -> None:
        """Give a fifth of the devices to another owner or the same again, some first to no one."""
        changing = self._chance.sample(self._devices, max(len(self._devices) // 5, 3))
        moments = sorted(self._chance.uniform(0.15, 0.85) * self._duration for _ in changing)
        self._changes = 0
        for n, (device, moment) in enumerate(zip(changing, moments, strict=True)):
            await asyncio.sleep(max(moment - (time.time() - self._start), 0))
            others = [uid for uid in self._owners if uid != device.uid]
            to = device.uid if n % 3 == 1 else self._chance.choice(others)
            if n % 3 == 2:  # noqa: PLR2004 - one of three kinds
                await asyncio.to_thread(self._hand_over, device, None)
                await asyncio.sleep(self._chance.uniform(0.2, 1))
            await asyncio.to_thread(self._hand_over, device, to)
            if n % 3 == 0 and n % 2:
                # And back, while a warm worker may still have the first tenure in its cache.
                await asyncio.to_thread(self._hand_over, device, self._owners[0])

    def _hand_over(self, device: world.Device, uid: str | None) -> None:
        before = device.uid
        began = datetime.now(UTC)
        device.uid = uid
        device.epoch += uid is not None
        batch = paths.client().batch()
        batch.set(paths.device(device.id), world.registered(device, began))
        if before and before != uid:
            batch.delete(paths.user_device(before, device.id))
        if uid:
            batch.set(paths.user_device(uid, device.id), world.shown(device, began))
            alerts.add(batch, device, began)
        batch.commit()
        done = datetime.now(UTC)
        self._journal.changes[device.id].append(Change(uid, device.epoch, began, began, done))
        self._changes += 1
