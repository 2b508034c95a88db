"""The Google Cloud Pub/Sub integration: publishes events as Particle does."""

import asyncio
from typing import TYPE_CHECKING

from simulator.world.events import Event

if TYPE_CHECKING:
    from google.cloud.pubsub_v1 import PublisherClient

# Until the service must have taken a message; an emulator that is still starting gets that long.
DEADLINE = 30.0


class PubSub:
    """A publisher, made when the first event comes: its library takes long to import.

    It publishes to the emulator when PUBSUB_EMULATOR_HOST is set, else to Google's service with
    the credentials of the environment.
    """

    def __init__(self, *, firmware_attribute: bool) -> None:
        self._publisher: PublisherClient | None = None
        self._lock = asyncio.Lock()
        self._firmware_attribute = firmware_attribute

    async def publish(self, topic: str, event: Event) -> str:
        """Publishes the event's data with its attributes; returns Pub/Sub's message id.

        Raises:
            google.api_core.exceptions.GoogleAPIError: the service refused or did not answer.
        """
        publisher = await self._client()
        data = (event.data or "").encode()
        carried = attributes(event, firmware=self._firmware_attribute)
        future = publisher.publish(topic, data, "", **carried)
        return str(await asyncio.wrap_future(future))

    async def _client(self) -> "PublisherClient":
        async with self._lock:
            if self._publisher is None:
                self._publisher = await asyncio.to_thread(_make_publisher)
            return self._publisher

    def close(self) -> None:
        if self._publisher is not None:
            self._publisher.stop()


def attributes(event: Event, *, firmware: bool = False) -> dict[str, str]:
    """The attributes of a message; `fw_version` has been seen once in public, so it is optional."""
    carried = {
        "device_id": event.device_id or event.source,
        "event": event.name,
        "published_at": event.published_at,
    }
    return {**carried, "fw_version": str(event.version)} if firmware else carried


def _make_publisher() -> "PublisherClient":
    # Imported here, not above: it takes half a second, which would delay the start.
    from google.api_core.retry import Retry, if_transient_error  # noqa: PLC0415
    from google.cloud.pubsub_v1 import PublisherClient, types  # noqa: PLC0415

    retry = Retry(predicate=if_transient_error, initial=0.1, maximum=2.0, timeout=DEADLINE)
    options = types.PublisherOptions(timeout=DEADLINE, retry=retry)
    return PublisherClient(publisher_options=options)
