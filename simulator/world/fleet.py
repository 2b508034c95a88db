"""The virtual devices: their creation, their sessions with the cloud, and what they do in time."""

import asyncio
import csv
import hashlib
import heapq
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from simulator.world import vitals
from simulator.world.clock import Clock, iso
from simulator.world.events import INTERNAL, Event
from simulator.world.kinds import Kind
from simulator.world.state import State
from simulator.world.state.devices import Device

# Devices that act in a row before other work gets its turn.
BATCH = 100
# The columns of a fleet file.
COLUMNS = {"device_id", "serial_number", "kind", "name"}


class FleetError(Exception):
    """The devices cannot be created; the text tells whoever starts the simulator why."""


class Fleet:
    """Runs the virtual devices behind the `Device` rows of a state.

    Attributes:
        kinds: the kinds of devices by name.
        reconnect_after_claim: seconds that a device stays offline after it was claimed.
    """

    def __init__(
        self,
        state: State,
        clock: Clock,
        kinds: dict[str, type[Kind]],
        emit: Callable[[Event], None],
    ) -> None:
        self._state = state
        self._clock = clock
        self._emit = emit
        self.kinds = kinds
        self._running: dict[str, Kind] = {}
        self._due: list[tuple[float, str, int]] = []
        self._generation: dict[str, int] = {}
        self._woken = asyncio.Event()
        self._subscribed = any(kind.subscriptions for kind in kinds.values())
        self.reconnect_after_claim = 0.0
        unknown = {device.kind for device in state.devices.values()} - kinds.keys()
        if unknown:
            raise FleetError(f"the state file has devices of kind {', '.join(sorted(unknown))}")

    def kind(self, device: Device) -> Kind:
        """Return the object that behaves as the device."""
        running = self._running.get(device.id)
        if running is None:
            kind = self.kinds[device.kind]
            # A state file may be older than the kind.
            device.state = {**kind.initial, **device.state}
            running = kind(device, self._publisher(device), self._clock.now)
            self._running[device.id] = running
        return running

    def _publisher(self, device: Device) -> Callable[[str, str], None]:
        def publish(name: str, data: str) -> None:
            if device.online:
                self.publish(device, name, data)

        return publish

    # Events

    def publish(
        self, device: Device, name: str, data: str | None, published_at: str | None = None
    ) -> str:
        """Publish an event of the device and return its date.

        Events of a quarantined device reach no one, nor do those of an unclaimed device outside
        any product.
        """
        now = self._clock.now()
        published_at = published_at or iso(now)
        device.last_heard = now
        device.sent += 1
        self._state.devices.touch(device.id)
        if not device.quarantined and (device.product_id is not None or device.owner):
            self._emit(
                Event(
                    name=name,
                    data=data,
                    published_at=published_at,
                    source=device.id,
                    device_id=device.id,
                    product_id=device.product_id,
                    account=device.owner,
                    version=device.firmware_version,
                )
            )
        return published_at

    def report_vitals(self, device: Device) -> None:
        """Let a device measure its vitals and publish them."""
        now = self._clock.now()
        self.publish(
            device, vitals.EVENT, vitals.report(self._state, device, self.kind(device), now)
        )

    def on_event(self, event: Event) -> None:
        """Pass an event on to the devices of the same owner that subscribe to it.

        The answer of a webhook, whose source is no device, goes to one device only.
        """
        if not self._subscribed or (event.account is None and event.device_id is None):
            return
        if event.source == INTERNAL:
            devices = [d for d in [self._state.devices.get(event.device_id or "")] if d]
        else:
            devices = self._state.devices.owned_by(event.account or "")
        for device in devices:
            kind = self.kind(device)
            if device.online and event.name.startswith(kind.subscriptions or ("\0",)):
                kind.receive(event.name, event.data)

    # Sessions

    def connect(self, device: Device, reset_reason: str | None = None) -> None:
        """Start a session: publish the status, then what a device reports after it has connected.

        A device with interval 0 is quiet: it reports nothing by itself.
        """
        now = self._clock.now()
        device.online = True
        device.last_handshake_at = now
        self.publish(device, "spark/status", "online")
        if device.interval > 0:
            if reset_reason:
                self.publish(device, "spark/device/last_reset", reset_reason)
            self.publish(device, "particle/device/updates/enabled", "true")
            self.publish(device, "particle/device/updates/forced", "false")
            self.report_vitals(device)
        self.schedule(device)

    def disconnect(self, device: Device) -> None:
        """End the session; unlike the real cloud, the simulator notices at once."""
        self.publish(device, "spark/status", "offline")
        device.online = False
        self._state.devices.touch(device.id)

    def after_claim(self, device: Device) -> None:
        """End the session of a device that has just been claimed; it then connects again."""
        if not device.online or device.interval <= 0:
            return
        self.disconnect(device)
        if self.reconnect_after_claim:
            loop = asyncio.get_running_loop()
            loop.call_later(self.reconnect_after_claim, self._reconnect, device.id)
        else:
            self.connect(device)

    def _reconnect(self, device_id: str) -> None:
        device = self._state.devices.get(device_id)
        if device and not device.online:
            self.connect(device)

    def update_firmware(self, device: Device, version: int) -> None:
        """Let a device run another firmware version, with the events of an update over the air."""
        app_hash = hashlib.sha256(f"{device.product_id}-{version}".encode()).hexdigest()
        if not device.online:
            device.firmware_version = version
            self._state.devices.touch(device.id)
            return
        self.publish(device, "spark/status", "auto-update")
        self.publish(device, "spark/flash/status", "started ")
        self.publish(device, "spark/flash/status", "success ")
        self.disconnect(device)
        device.firmware_version = version
        self.connect(device, "update")
        self.publish(device, "spark/device/app-hash", app_hash)
        self.publish(device, "particle/device/updates/pending", "false")

    def set_safe_mode(self, device: Device, *, on: bool) -> None:
        """Put a device into safe mode, or back.

        In safe mode the firmware does not run: there are no functions, variables or events.
        """
        device.status = "safe_mode" if on else "normal"
        self._state.devices.touch(device.id)
        if on and device.online:
            modules: dict[str, Any] = {
                "p": device.platform_id,
                "imei": device.imei,
                "iccid": device.iccid,
                "m": [],
            }
            data = json.dumps(modules, separators=(",", ":"))
            self.publish(device, "spark/status/safe-mode", data)

    # Time

    def start(self, device: Device) -> None:
        """Power a device on, or go on with it after a restart of the simulator."""
        if device.last_handshake_at is not None or not device.online:
            self.schedule(device)
        elif device.interval > 0:
            self.connect(device, "power_down")
        else:
            device.last_handshake_at = device.last_heard = self._clock.now()
            self._state.devices.touch(device.id)

    def schedule(self, device: Device) -> None:
        """Plan when the device acts next; to be called again when its interval changes."""
        generation = self._generation.get(device.id, 0) + 1
        self._generation[device.id] = generation
        if device.online and device.interval > 0:
            # At a random moment, so that not all devices publish at the same time.
            first = random.uniform(0.2, 1.0) * device.interval  # noqa: S311 - no secret
            self._plan(first, device.id, generation)

    def _plan(self, seconds: float, device_id: str, generation: int) -> None:
        due = asyncio.get_running_loop().time() + seconds
        heapq.heappush(self._due, (due, device_id, generation))
        self._woken.set()

    def forget(self, device_id: str) -> None:
        """Stop a device that has been deleted."""
        self._running.pop(device_id, None)
        self._generation.pop(device_id, None)

    async def run(self) -> None:
        """Let every device act when it is due, until the task is cancelled."""
        loop = asyncio.get_running_loop()
        for count, device in enumerate(list(self._state.devices.values())):
            self.start(device)
            if count % BATCH == 0:
                await asyncio.sleep(0)
        while True:
            served = 0
            while self._due and self._due[0][0] <= loop.time() and served < BATCH:
                _, device_id, generation = heapq.heappop(self._due)
                self._tick(device_id, generation)
                served += 1
            if served == BATCH:
                await asyncio.sleep(0)
                continue
            self._woken.clear()
            wait = self._due[0][0] - loop.time() if self._due else None
            try:
                await asyncio.wait_for(self._woken.wait(), wait)
            except TimeoutError:
                continue

    def _tick(self, device_id: str, generation: int) -> None:
        device = self._state.devices.get(device_id)
        if device is None or self._generation.get(device_id) != generation or not device.online:
            return
        if not device.hang and device.status == "normal":
            device.ticks += 1
            self.kind(device).tick(device.interval)
            self._state.devices.touch(device.id)
        self._plan(device.interval, device_id, generation)

    # Creation

    def create(
        self,
        kind_name: str,
        device_id: str,
        *,
        serial_number: str,
        name: str | None,
        product_id: int | None,
        interval: float,
        online: bool = True,
        quarantined: bool = False,
    ) -> Device:
        """Create a device; what is not given is derived from its id, always in the same way."""
        kind = self.kinds[kind_name]
        seed = hashlib.sha256(device_id.encode()).digest()
        digits = str(int.from_bytes(seed[:8], "big")).zfill(20)
        device = Device(
            id=device_id,
            kind=kind_name,
            name=name,
            product_id=product_id,
            platform_id=kind.platform_id,
            serial_number=serial_number,
            mac_wifi=":".join(f"{byte:02X}" for byte in seed[8:14]),
            iccid="89014103" + digits[:12],
            imei="3529530" + digits[-8:],
            mobile_secret=seed[14:22].hex().upper(),
            last_ip_address=f"203.0.113.{seed[22] % 254 + 1}",
            system_firmware_version=kind.system_firmware_version,
            interval=interval,
            online=online,
            quarantined=quarantined,
            created_at=self._clock.now(),
            state=dict(kind.initial),
        )
        self._state.devices.put(device.id, device)
        return device

    def load(self, path: Path, product_id: int, interval: float) -> None:
        """Create the devices of a fleet file that do not exist yet.

        Args:
            path: a CSV file with the columns device_id, serial_number, kind and name; others are
                ignored.
            product_id: the product of the devices.
            interval: seconds between two events of each.

        Raises:
            FleetError: a column is missing or a kind unknown.
        """
        with path.open(newline="", encoding="utf-8") as file:
            rows = csv.DictReader(file)
            missing = COLUMNS - set(rows.fieldnames or ())
            if missing:
                raise FleetError(f"{path} has no column {', '.join(sorted(missing))}")
            for row in rows:
                if row["kind"] not in self.kinds:
                    raise FleetError(f"{path}: {row['kind']!r} is none of {', '.join(self.kinds)}")
                if row["device_id"] not in self._state.devices:
                    self.create(
                        row["kind"],
                        row["device_id"],
                        serial_number=row["serial_number"],
                        name=row["name"] or None,
                        product_id=product_id,
                        interval=interval,
                    )
