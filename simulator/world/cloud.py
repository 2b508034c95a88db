"""The simulated cloud: its parts, put together."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from simulator.journal import Journal
from simulator.ratelimits import RateLimits
from simulator.settings import Settings
from simulator.world.appliances import KINDS
from simulator.world.clock import Clock
from simulator.world.dispatch import Dispatcher
from simulator.world.events import Event, Hub
from simulator.world.faults import DEVICE_KINDS, Faults, Shaper
from simulator.world.fleet import Fleet
from simulator.world.kinds import Kind, load_kinds
from simulator.world.platforms import PHOTON_2
from simulator.world.state import (
    Client,
    Device,
    Integration,
    Product,
    State,
    User,
    digest,
    hash_password,
    new_id,
)
from simulator.world.storage import Storage

SAVE_SECONDS = 1.0
EVENT_FAULTS = frozenset({"duplicate", "late", "reorder"})
# Clients that anybody may use to log a developer in, with their public secrets.
PUBLIC_CLIENTS = ("particle", "particle-api", "particle-cli")


class Cloud:
    """What all handlers share."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.kinds: dict[str, type[Kind]] = dict(KINDS)
        for path in settings.kinds:
            self.kinds |= {kind.kind: kind for kind in load_kinds(path)}
        self.clock = Clock()
        self.hub = Hub()
        self.journal = Journal()
        self.faults = Faults(self.clock)
        self._shaper = Shaper(self.hub.deliver)
        self.limits = RateLimits(self.clock)
        self.limits.enabled = settings.rate_limits
        self._storage = Storage(settings.state) if settings.state else None
        self.dispatcher = Dispatcher(self.clock, self.faults, self.hub, settings)
        self.faults.on_end = self._on_fault_end
        self._devices_task: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self._begin(State())

    def _begin(self, state: State) -> None:
        """Takes up a state, from the file if there is one, with all that must be in it."""
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
        # Log-ins that wait for a one-time password: user and end of patience by token digest.
        self.mfa_logins: dict[str, tuple[str, float]] = {}
        # Authenticators that wait for their first password: user and secret by token digest.
        self.mfa_setups: dict[str, tuple[str, str]] = {}
        self.save()

    def _on_fault_end(self, fault_id: str) -> None:
        self._shaper.release(fault_id)
        self.dispatcher.release(fault_id)

    def _ensure_accounts(self) -> None:
        """Makes what the settings name and the state lacks."""
        settings, state, now = self.settings, self.state, self.clock.now()
        maker = state.user_named(settings.username)
        if maker is None:
            maker = User(
                id=new_id(),
                username=settings.username.strip().lower(),
                password=hash_password(settings.password),
                created_at=now,
            )
            state.add_user(maker)
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
        """Sends an event on its way, bent by the faults in force."""
        if self.faults:
            struck = self.faults.hit(EVENT_FAULTS, device=event.device_id)
            self._shaper.send(event, struck)
        else:
            self.hub.deliver(event)

    async def answers(
        self, method: str, path: str, device: Device, lost: Callable[[], object] = bool
    ) -> bool:
        """Whether a device answers; one that hangs costs the caller the full time.

        Args:
            method: of the request that asks.
            path: of the request that asks.
            device: the one that is asked.
            lost: done by a device that hangs only after it has worked: the answer is lost.
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
        """Lets a caller wait, though not when the simulator is about to stop."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    def stop(self) -> None:
        """Ends all that would hold up the server: streams, and requests that wait."""
        self._stopping.set()
        self.hub.close()

    def save(self) -> None:
        """Saves what changed, when there is a state file."""
        if self._storage:
            self._storage.save(self.state)
        else:
            for table in self.state.tables:
                table.unsaved.clear()

    def reset(self) -> None:
        """Back to the start: accounts, tokens, devices, integrations, faults, journal, clock."""
        self.faults.clear()
        self.journal.clear()
        self.limits.clear()
        self.limits.enabled = self.settings.rate_limits
        self.clock.offset = 0.0
        self.hub.close()
        if self._storage:
            self._storage.clear()
        if self._devices_task:
            self._devices_task.cancel()
        self._begin(State())
        self._devices_task = asyncio.create_task(self.fleet.run())

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Lets the devices live while the block runs."""
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
