"""The simulated cloud as a whole: its state, clock, devices, events and faults."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from simulator.settings import Settings
from simulator.world.appliances import KINDS
from simulator.world.clock import Clock
from simulator.world.credentials import digest, hash_password, new_id
from simulator.world.dispatch import Dispatcher
from simulator.world.events import Event, Hub
from simulator.world.faults import DEVICE_KINDS, Faults, Shaper
from simulator.world.fleet import Fleet
from simulator.world.kinds import Kind, load_kinds
from simulator.world.platforms import PHOTON_2
from simulator.world.state import State
from simulator.world.state.clients import Client
from simulator.world.state.devices import Device
from simulator.world.state.integrations import Integration
from simulator.world.state.products import Product
from simulator.world.state.users import User
from simulator.world.storage import Storage

SAVE_SECONDS = 1.0
EVENT_FAULTS = frozenset({"duplicate", "late", "reorder"})
# OAuth clients that anyone may use to log a developer in; the secret of each is its name.
PUBLIC_CLIENTS = ("particle", "particle-api", "particle-cli")


class Cloud:
    """The simulated cloud, which all handlers share.

    Attributes:
        settings: what it was started with.
        kinds: the kinds of devices by name.
        clock: the time in this cloud.
        state: everything that the cloud remembers; a new object after a reset.
        fleet: the running devices; a new object after a reset.
        hub: passes every event on to those who listen.
        dispatcher: delivers events to integrations.
        faults: the faults in force.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.kinds: dict[str, type[Kind]] = dict(KINDS)
        for path in settings.kinds:
            self.kinds |= {kind.kind: kind for kind in load_kinds(path)}
        self.clock = Clock()
        self.hub = Hub()
        self.faults = Faults(self.clock)
        self._shaper = Shaper(self.hub.deliver)
        self._storage = Storage(settings.state) if settings.state else None
        self.dispatcher = Dispatcher(self.clock, self.faults, self.hub, settings)
        self.faults.on_end = self._on_fault_end
        self._devices_task: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self._start_with(State())

    def _start_with(self, state: State) -> None:
        """Use this state, filled from the file if there is one, and add what must be in it."""
        self.state = state
        if self._storage:
            self._storage.load(state)
        self._ensure_accounts()
        self.fleet = Fleet(state, self.clock, self.kinds, self.emit)
        self.fleet.reconnect_after_claim = self.settings.reconnect_after_claim
        if self.settings.fleet:
            self.fleet.load(self.settings.fleet, self.settings.product, self.settings.interval)
        self.dispatcher.restart(state)
        self.hub.set_listeners(self.dispatcher.on_event, self.fleet.on_event)
        self.save()

    def _on_fault_end(self, fault_id: str) -> None:
        self._shaper.release(fault_id)
        self.dispatcher.release(fault_id)

    def _ensure_accounts(self) -> None:
        """Create the product, account and clients that the settings name and the state lacks."""
        settings, state, now = self.settings, self.state, self.clock.now()
        maker = state.users.named(settings.username)
        if maker is None:
            maker = User(
                id=new_id(),
                username=settings.username.strip().lower(),
                password=hash_password(settings.password),
                created_at=now,
            )
            state.users.put(maker.id, maker)
        if str(settings.product) not in state.products:
            product = Product(
                id=settings.product,
                name=f"Demo {settings.product}",
                slug=f"demo-v{settings.product}",
                platform_id=PHOTON_2,
                owner=maker.id,
                team={maker.id: "Administrator"},
            )
            state.products.put(str(product.id), product)
        backend = Client(
            id=settings.client_id,
            secret=digest(settings.client_secret),
            name="backend",
            product_id=settings.product,
            owner=maker.id,
        )
        state.clients.put(backend.id, backend)
        for name in PUBLIC_CLIENTS:
            state.clients.put(name, Client(id=name, secret=digest(name), name=name))
        if settings.topic:
            self._ensure_integration(maker, settings.topic)

    def _ensure_integration(self, maker: User, topic: str) -> None:
        """Create the integration that sends all events to a topic, unless there is one."""
        if any(i.config.get("topic") == topic for i in self.state.integrations.values()):
            return
        integration = Integration(
            id=new_id(),
            type="GoogleCloudPubSub",
            event="",
            owner=maker.id,
            product_id=self.settings.product,
            name=f"all events for {topic.rpartition('/')[2]}",
            created_at=self.clock.now(),
            config={"topic": topic},
        )
        self.state.integrations.put(integration.id, integration)

    def emit(self, event: Event) -> None:
        """Publish an event, subject to the faults in force."""
        if self.faults:
            struck = self.faults.hit(EVENT_FAULTS, device=event.device_id)
            self._shaper.send(event, struck)
        else:
            self.hub.deliver(event)

    async def answers(
        self, method: str, path: str, device: Device, lost: Callable[[], object] = bool
    ) -> bool:
        """Whether a device answers a request; one that hangs keeps the caller waiting.

        Args:
            method: of the request.
            path: of the request.
            device: the device that has to answer.
            lost: what the device does before it hangs, under a fault by which only its answer
                is lost.
        """
        kinds = {
            fault.fault.kind: fault.fault
            for fault in self.faults.hit(DEVICE_KINDS, method=method, path=path, device=device.id)
        }
        if not device.online or "offline" in kinds:
            return False
        if device.hang or "hang" in kinds:
            if "hang" in kinds and kinds["hang"].effect:
                lost()
            await self.pause(self.settings.device_timeout)
            return False
        return True

    async def pause(self, seconds: float) -> None:
        """Let a caller wait so many seconds, or until the simulator is about to stop."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    def stop(self) -> None:
        """End everything that would delay the stop of the server: streams, and waiting requests."""
        self._stopping.set()
        self.hub.close()

    def save(self) -> None:
        """Save what has changed, when there is a state file."""
        if self._storage:
            self._storage.save(self.state)
        else:
            for table in self.state.tables:
                table.unsaved.clear()

    def reset(self) -> None:
        """Go back to the start: accounts, tokens, devices, integrations, faults and clock."""
        self.faults.clear()
        self.clock.offset = 0.0
        self.hub.close()
        if self._storage:
            self._storage.clear()
        if self._devices_task:
            self._devices_task.cancel()
        self._start_with(State())
        self._devices_task = asyncio.create_task(self.fleet.run())

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the devices and save the state regularly while the block runs."""
        self._devices_task = asyncio.create_task(self.fleet.run())
        saver = asyncio.create_task(self._save_regularly())
        try:
            yield
        finally:
            saver.cancel()
            self._devices_task.cancel()
            self.hub.close()
            await self.dispatcher.close()
            self.save()
            if self._storage:
                self._storage.close()

    async def _save_regularly(self) -> None:
        while True:
            await asyncio.sleep(SAVE_SECONDS)
            self.save()
