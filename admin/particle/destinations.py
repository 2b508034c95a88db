"""Where Particle's integrations send events: a topic of Pub/Sub, or the address of a webhook."""

from collections.abc import Callable, Mapping
from typing import Protocol

from shared.particle import Credentials, Integration
from shared.particle.integrations import Integrations


class Destination(Protocol):
    """The integrations that a product has, or needs, to one place. Raise `ParticleError`."""

    name: str

    def present(self) -> list[Integration]:
        """Those that exist."""

    def create(self, prefix: str) -> None:
        """Send the events with this prefix there."""

    def enable(self, integration: Integration) -> None:
        """Switch on one that is disabled."""


class Topic:
    """A topic of Pub/Sub."""

    def __init__(self, integrations: Integrations, credentials: Credentials, name: str) -> None:
        """`name` is `projects/PROJECT/topics/NAME`."""
        self.name = name
        self._integrations = integrations
        self._credentials = credentials

    def present(self) -> list[Integration]:
        """Those that exist."""
        listed = self._integrations.list(self._credentials)
        return [one for one in listed if one.topic == self.name]

    def create(self, prefix: str) -> None:
        """Send the events with this prefix there."""
        self._integrations.create(self._credentials, prefix, self.name)

    def enable(self, integration: Integration) -> None:
        """Switch on one that is disabled."""
        self._integrations.enable(self._credentials, integration)


class Webhook:
    """An address that takes Particle's webhooks."""

    def __init__(
        self,
        integrations: Integrations,
        credentials: Credentials,
        url: str,
        headers: Callable[[], Mapping[str, str]],
    ) -> None:
        """`headers` admit a webhook there; they are asked for when one is made."""
        self.name = url
        self._integrations = integrations
        self._credentials = credentials
        self._headers = headers

    def present(self) -> list[Integration]:
        """Those that exist."""
        listed = self._integrations.list(self._credentials)
        return [one for one in listed if one.url == self.name]

    def create(self, prefix: str) -> None:
        """Send the events with this prefix there."""
        self._integrations.create_webhook(self._credentials, prefix, self.name, self._headers())

    def enable(self, integration: Integration) -> None:
        """Switch on one that is disabled."""
        self._integrations.replace_webhook(
            self._credentials, integration, self.name, self._headers()
        )
