"""The Google Cloud Pub/Sub integration, which publishes events as Particle does."""

import asyncio
from typing import TYPE_CHECKING

from simulator.world.events import Event

if TYPE_CHECKING:
    from google.cloud.pubsub_v1 import PublisherClient

# How long the service may take to accept a message; an emulator may still have to start.
DEADLINE = 30.0


class PubSub:
    """Publishes to the emulator when PUBSUB_EMULATOR_HOST is set, else to Google's service.

    Google's service is used with the credentials of the environment. The client is created for the
    first event, because its library is slow to import.
    """

    def __init__(self, *, firmware_attribute: bool) -> None:
        self._publisher: PublisherClient | None = None
        self._lock = asyncio.Lock()
        self._firmware_attribute = firmware_attribute

    async def publish(self, topic: str, event: Event) -> str:
        """Publish the data of an event with its attributes and return Pub/Sub's message id.

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
        """Stop the client."""
        if self._publisher is not None:
            self._publisher.stop()


def attributes(event: Event, *, firmware: bool = False) -> dict[str, str]:
    """Return the attributes of a message.

    `fw_version` is optional, because only one public source shows it.
    """
    carried = {
        "device_id": event.device_id or event.source,
        "event": event.name,
        "published_at": event.published_at,
    }
    return {**carried, "fw_version": str(event.version)} if firmware else carried


def _make_publisher() -> "PublisherClient":
    # Imported here because it takes half a second, which would delay the start.
    from google.api_core.retry import Retry, if_transient_error  # noqa: PLC0415
    from google.cloud.pubsub_v1 import PublisherClient, types  # noqa: PLC0415

    retry = Retry(predicate=if_transient_error, initial=0.1, maximum=2.0, timeout=DEADLINE)
    options = types.PublisherOptions(timeout=DEADLINE, retry=retry)
    return PublisherClient(publisher_options=options)
