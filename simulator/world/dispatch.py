"""Delivers events to the integrations that ask for them, with retries and logs."""

import asyncio
from collections import defaultdict, deque
from typing import Any
from urllib.parse import urlsplit

from simulator.settings import Settings
from simulator.world import webhooks
from simulator.world.clock import Clock, iso
from simulator.world.events import INTERNAL, Event, Hub
from simulator.world.faults import DELIVERY_KINDS, Faults, Shaper
from simulator.world.pubsub import PubSub
from simulator.world.state import State
from simulator.world.state.integrations import Integration
from simulator.world.webhooks import Topics, WebhookError, Webhooks

# Newest deliveries in the log of an integration.
LOGGED = 10
SILENT = frozenset({"silent"})
# A host gets no requests while most of its last ten answers in a minute were errors.
RATED, RATED_SECONDS = 10, 60.0
SLEEPING = "Sleeping, too many errors, please wait and try again"


class DeliveryError(Exception):
    """A delivery has failed; the text is for the log of the integration."""


class Dispatcher:
    """Delivers events to the integrations of a state."""

    def __init__(self, clock: Clock, faults: Faults, hub: Hub, settings: Settings) -> None:
        self._state = State()
        self._clock = clock
        self._faults = faults
        self._hub = hub
        self._settings = settings
        self._webhooks = Webhooks()
        self._pubsub = PubSub(firmware_attribute=settings.firmware_attribute)
        self._shapers: dict[str, Shaper] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._answers: dict[str, deque[tuple[float, bool]]] = defaultdict(
            lambda: deque(maxlen=RATED)
        )

    def restart(self, state: State) -> None:
        """Cancel the deliveries in progress and serve the integrations of another state."""
        for task in self._tasks:
            task.cancel()
        self._shapers.clear()
        self._answers.clear()
        self._state = state

    def on_event(self, event: Event) -> None:
        """Start the deliveries of an event; events of integrations themselves start none."""
        if event.source == INTERNAL:
            return
        for integration in self._state.integrations.values():
            if matches(integration, event):
                self._start(integration, event)

    def _start(self, integration: Integration, event: Event) -> None:
        if not self._faults:
            self._spawn(integration, event)
            return
        if self._faults.hit(SILENT, device=event.device_id):
            return
        struck = self._faults.hit(
            DELIVERY_KINDS, device=event.device_id, integration=integration.id
        )
        shaper = self._shapers.get(integration.id)
        if shaper is None:
            shaper = Shaper(lambda each: self._spawn(integration, each))
            self._shapers[integration.id] = shaper
        shaper.send(event, struck)

    def release(self, fault_id: str) -> None:
        """Send the events that a fault held back, because it has ended."""
        for shaper in self._shapers.values():
            shaper.release(fault_id)

    def _spawn(self, integration: Integration, event: Event) -> None:
        task = asyncio.get_running_loop().create_task(self._deliver(integration, event))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, integration: Integration, event: Event) -> None:
        """Try up to three times; each failure is logged and published as a `hook-error` event."""
        for pause in (*self._settings.retries, None):
            try:
                topics = await self.attempt(integration, event)
            except DeliveryError as error:
                self._publish(event, webhooks.error_topics(integration, event, str(error)))
            else:
                self._publish(event, topics)
                return
            if pause is None:
                return
            await asyncio.sleep(pause)
            if integration.id not in self._state.integrations or integration.disabled:
                return

    async def attempt(self, integration: Integration, event: Event) -> Topics:
        """Deliver an event once.

        Returns:
            The events that report the delivery, as names and data.

        Raises:
            DeliveryError: it has failed.
        """
        try:
            if integration.type == "GoogleCloudPubSub":
                topics = await self._to_pubsub(integration, event)
            else:
                topics = await self._to_webhook(integration, event)
        except DeliveryError as error:
            self._log(integration, event, "error", str(error))
            raise
        self._log(integration, event, "success", None)
        return topics

    async def _to_pubsub(self, integration: Integration, event: Event) -> Topics:
        # Imported here because the library is slow to load and often not needed.
        from google.api_core.exceptions import GoogleAPIError  # noqa: PLC0415
        from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415

        try:
            await self._pubsub.publish(integration.config["topic"], event)
        except (GoogleAPIError, GoogleAuthError) as error:
            raise DeliveryError(str(error)) from error
        return []

    async def _to_webhook(self, integration: Integration, event: Event) -> Topics:
        host = urlsplit(str(integration.config["url"])).hostname or ""
        if self._is_resting(host):
            raise DeliveryError(SLEEPING)
        try:
            topics = await self._webhooks.send(integration, event)
        except WebhookError as error:
            self._answers[host].append((self._clock.now(), False))
            raise DeliveryError(str(error)) from error
        self._answers[host].append((self._clock.now(), True))
        return topics

    def _is_resting(self, host: str) -> bool:
        since = self._clock.now() - RATED_SECONDS
        newest = [good for at, good in self._answers[host] if at >= since]
        return len(newest) == RATED and newest.count(False) > newest.count(True)

    def _publish(self, event: Event, topics: Topics) -> None:
        for name, data in topics:
            self._hub.deliver(
                Event(
                    name=name,
                    data=data,
                    published_at=iso(self._clock.now()),
                    source=INTERNAL,
                    device_id=event.device_id,
                    product_id=event.product_id,
                    account=event.account,
                    version=event.version,
                )
            )

    def _log(
        self, integration: Integration, event: Event, outcome: str, message: str | None
    ) -> None:
        entry: dict[str, Any] = {
            "type": outcome,
            "event": event.name,
            "coreid": event.source,
            "created_at": iso(self._clock.now()),
            "message": message,
        }
        integration.logs = [entry, *integration.logs[: LOGGED - 1]]
        integration.counters[outcome] = integration.counters.get(outcome, 0) + 1
        self._state.integrations.touch(integration.id)

    async def close(self) -> None:
        """Cancel the deliveries in progress and close all connections."""
        self.restart(State())
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._webhooks.close()
        self._pubsub.close()


def matches(integration: Integration, event: Event) -> bool:
    """Whether an integration asks for an event, by its product or owner, prefix and device."""
    if integration.disabled or not event.name.startswith(integration.event):
        return False
    if integration.product_id is not None:
        return event.product_id == integration.product_id
    mine = event.account == integration.owner
    return mine and integration.device_id in {None, event.device_id}
