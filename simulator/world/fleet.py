"""The virtual devices: making them, their sessions with the cloud, their time passing."""

import asyncio
import csv
import hashlib
import heapq
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from simulator.api import vitals
from simulator.world.clock import Clock, iso
from simulator.world.events import INTERNAL, Event
from simulator.world.kinds import Kind
from simulator.world.state import Device, State

# Devices served before other work gets its turn.
BATCH = 100


COLUMNS = {"device_id", "serial_number", "kind", "name"}


class FleetError(Exception):
    """Devices that cannot be made, with the reason for who started the simulator."""


class Fleet:
    """Runs the device behind every `Device` of the state."""

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
        """The object that behaves as the device."""
        running = self._running.get(device.id)
        if running is None:
            running = self.kinds[device.kind](device, self._publisher(device))
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
        """Sends an event of the device and returns its time.

        A quarantined device, and a developer's device that nobody owns, speaks to nobody.
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
        now = self._clock.now()
        self.publish(
            device, vitals.EVENT, vitals.report(self._state, device, self.kind(device), now)
        )

    def on_event(self, event: Event) -> None:
        """Brings an event to the devices that subscribe to it: those of the same owner.

        Answers of webhooks (whose source is no device) concern one device alone.
        """
        if not self._subscribed or (event.account is None and event.device_id is None):
            return
        if event.source == INTERNAL:
            devices = [d for d in [self._state.devices.get(event.device_id or "")] if d]
        else:
            devices = self._state.devices_of(event.account or "")
        for device in devices:
            kind = self.kind(device)
            if device.online and event.name.startswith(kind.subscriptions or ("\0",)):
                kind.receive(event.name, event.data)

    # Sessions

    def connect(self, device: Device, reset_reason: str | None = None) -> None:
        """Starts a session: status event, then what the device tells after a connection.

        A device with interval 0 is quiet: it tells nothing by itself.
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
        """Ends the session; unlike the cloud, the simulator notices at once."""
        self.publish(device, "spark/status", "offline")
        device.online = False
        self._state.devices.touch(device.id)

    def after_claim(self, device: Device) -> None:
        """The cloud drops the session of a claimed device, which then connects again."""
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
        """Runs new product firmware, with the events of an update over the air."""
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
        """Safe mode: the firmware does not run, so nothing is registered and nothing published."""
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

    def appear(self, device: Device) -> None:
        """A device is switched on, or the simulator goes on with it after a restart."""
        if device.last_handshake_at is not None or not device.online:
            self.schedule(device)
        elif device.interval > 0:
            self.connect(device, "power_down")
        else:
            device.last_handshake_at = device.last_heard = self._clock.now()
            self._state.devices.touch(device.id)

    def schedule(self, device: Device) -> None:
        """Plans the next events of the device; to be called when its interval changes, too."""
        generation = self._generation.get(device.id, 0) + 1
        self._generation[device.id] = generation
        if device.online and device.interval > 0:
            # Spread over the interval, or all devices would speak at the same moment.
            first = random.uniform(0.2, 1.0) * device.interval  # noqa: S311 - no secret
            self._plan(first, device.id, generation)

    def _plan(self, seconds: float, device_id: str, generation: int) -> None:
        due = asyncio.get_running_loop().time() + seconds
        heapq.heappush(self._due, (due, device_id, generation))
        self._woken.set()

    def forget(self, device_id: str) -> None:
        self._running.pop(device_id, None)
        self._generation.pop(device_id, None)

    async def run(self) -> None:
        """Lets every device act when its time has come; ends by cancellation."""
        loop = asyncio.get_running_loop()
        for count, device in enumerate(list(self._state.devices.values())):
            self.appear(device)
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

    # Making

    def make(
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
        """A device as it leaves the factory; what is not told follows from its id."""
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
        self._state.add_device(device)
        return device

    def load(self, path: Path, product_id: int, interval: float) -> None:
        """Makes the devices of a fleet file that do not exist yet.

        The file has the columns device_id, serial_number, kind and name; others are ignored.

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
                    self.make(
                        row["kind"],
                        row["device_id"],
                        serial_number=row["serial_number"],
                        name=row["name"] or None,
                        product_id=product_id,
                        interval=interval,
                    )
