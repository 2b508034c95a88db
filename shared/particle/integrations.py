"""A product's integrations at Particle: those to Google Cloud Pub/Sub, and webhooks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.particle.errors import NotFoundError, UndeliveredError, message_in
from shared.particle.transport import Answer, Credentials, Transport

_ALL = "/v1/products/{product}/integrations"
_ONE = _ALL + "/{integration}"


@dataclass(frozen=True)
class Integration:
    """An integration."""

    id: str
    event: str
    """The prefix of the event names that it forwards; case counts."""
    topic: str
    """`projects/PROJECT/topics/NAME`; empty for a webhook."""
    name: str | None = None
    disabled: bool = False
    last_failure: str | None = None
    """Why the newest delivery in its log failed, if it did; only `get` fills it."""
    url: str = ""
    """Of a webhook."""


class Integrations:
    """The calls, as a part of `Particle`; they raise `errors.ParticleError`.

    Particle does not compare a new integration with those it has: `POST` twice makes two, and both
    forward each event.
    """

    def __init__(self, transport: Transport, product: str) -> None:
        """`product` is its number or slug."""
        self._transport = transport
        self._product = product

    def list(self, credentials: Credentials) -> list[Integration]:
        """The integrations with Pub/Sub and the webhooks; a product may have others."""
        listed = self._send(credentials, "GET", _ALL).items()
        return [
            _integration(item)
            for item in listed
            if item.optional("integration_type", str) in {"GoogleCloudPubSub", "Webhook"}
        ]

    def get(self, credentials: Credentials, integration_id: str) -> Integration:
        """One integration, with its last failure. Raises `NotFoundError`."""
        answer = self._send(credentials, "GET", _ONE, integration_id)
        return _integration(Answer(answer.route, answer.member("integration", dict)))

    def create(self, credentials: Credentials, event: str, topic: str) -> None:
        """Forward all events with this prefix. Only for one that `list` does not show."""
        form = {"integration_type": "GoogleCloudPubSub", "event": event, "topic": topic}
        self._send(credentials, "POST", _ALL, form=form, repeatable=False).member("id", str)

    def create_webhook(
        self, credentials: Credentials, event: str, url: str, headers: Mapping[str, str]
    ) -> None:
        """Send all events with this prefix to an address. Only for one that is not there."""
        document = _webhook(event, url, headers)
        self._send(credentials, "POST", _ALL, document=document, repeatable=False).member("id", str)

    def replace_webhook(
        self,
        credentials: Credentials,
        integration: Integration,
        url: str,
        headers: Mapping[str, str],
    ) -> None:
        """Give a webhook the configuration of a new one, which is enabled."""
        document = _webhook(integration.event, url, headers)
        if integration.name:
            document["name"] = integration.name
        self._send(credentials, "PUT", _ONE, integration.id, document=document)

    def enable(self, credentials: Credentials, integration: Integration) -> None:
        """`PUT` replaces the whole configuration; without `disabled` in it, it is enabled."""
        form = {"event": integration.event, "topic": integration.topic}
        if integration.name:
            form["name"] = integration.name
        self._send(credentials, "PUT", _ONE, integration.id, form=form)

    def delete(self, credentials: Credentials, integration_id: str) -> None:
        """Stop forwarding. Succeeds for one that does not exist any more."""
        try:
            self._send(credentials, "DELETE", _ONE, integration_id)
        except NotFoundError:
            return

    def test(self, credentials: Credentials, integration_id: str, data: str) -> None:
        """Let Particle forward an event of its own with this data, whose device is `api`.

        Raises `UndeliveredError` when the target does not accept it.
        """
        answer = self._send(
            credentials,
            "POST",
            _ONE + "/test",
            integration_id,
            form={"data": data},
            repeatable=False,
        )
        if not answer.member("pass", bool):
            raise UndeliveredError(answer.route, message_in(answer.body), None)

    def _send(
        self,
        credentials: Credentials,
        method: str,
        route: str,
        integration_id: str = "",
        *,
        form: dict[str, str] | None = None,
        document: dict[str, Any] | None = None,
        repeatable: bool = True,
    ) -> Answer:
        path = {"product": self._product, "integration": integration_id}
        return self._transport.send(
            method,
            route,
            credentials,
            path=path,
            form=form,
            document=document,
            repeatable=repeatable,
        )


def _webhook(event: str, url: str, headers: Mapping[str, str]) -> dict[str, Any]:
    """The configuration that `docs/ingest.md` recommends.

    A form survives every payload. It has what Particle's defaults do not say, and the device once
    more: a body in which the two differ is forged.
    """
    return {
        "integration_type": "Webhook",
        "event": event,
        "url": url,
        "requestType": "POST",
        "form": {
            "device_id": "{{{PARTICLE_DEVICE_ID}}}",
            "fw_version": "{{{PRODUCT_VERSION}}}",
        },
        "headers": dict(headers),
        "noDefaults": False,
        "rejectUnauthorized": True,
    }


def _integration(item: Answer) -> Integration:
    return Integration(
        id=item.member("id", str),
        event=item.optional("event", str) or "",
        topic=item.optional("topic", str) or "",
        name=item.optional("name", str),
        disabled=item.optional("disabled", bool) or False,
        last_failure=_last_failure(item.optional("logs", list) or []),
        url=item.optional("url", str) or "",
    )


def _last_failure(log: list[Any]) -> str | None:
    """Documented is only that there is a log, so an entry of any other form is no failure."""
    entries = [entry for entry in log if isinstance(entry, dict)]
    newest = max(entries, key=lambda entry: str(entry.get("created_at", "")), default={})
    if newest.get("type") != "error":
        return None
    return message_in(newest.get("message"))[:200] or "no reason given"
