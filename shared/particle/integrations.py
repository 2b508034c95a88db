"""A product's integrations at Particle that publish its events to Google Cloud Pub/Sub."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.particle.answers import member, optional
from shared.particle.errors import (
    NotFoundError,
    UndeliveredError,
    UnexpectedAnswerError,
    message_in,
)
from shared.particle.tokens import Credentials, with_token
from shared.particle.transport import Transport

_ALL = "/v1/products/{product}/integrations"
_ONE = _ALL + "/{integration}"


@dataclass(frozen=True)
class Integration:
    """A Pub/Sub integration."""

    id: str
    event: str
    """The beginning of the names of the events that it forwards; case counts."""
    topic: str
    """`projects/PROJECT/topics/NAME`"""
    name: str | None = None
    disabled: bool = False
    last_failure: str | None = None
    """Why the newest delivery in its log failed, if it did; only `get` tells."""


class Integrations:
    """The calls, as part of `Particle`; they raise `errors.ParticleError`.

    `POST` never looks for one like it: the same twice makes two, and both forward each event.
    """

    def __init__(self, transport: Transport, product: str) -> None:
        """`product` is its number or slug."""
        self._transport = transport
        self._product = product

    def list(self, credentials: Credentials) -> list[Integration]:
        """Those to Pub/Sub; a product may have others."""
        listed = self._send(credentials, "GET", _ALL)
        if not isinstance(listed, list):
            raise UnexpectedAnswerError(f"GET {_ALL}", "no list")
        return [_integration(one) for one in listed if _to_pubsub(one)]

    def get(self, credentials: Credentials, integration_id: str) -> Integration:
        """One, with what its log says. Raises `NotFoundError`."""
        body = self._send(credentials, "GET", _ONE, integration_id)
        return _integration(member(body, "integration", dict, f"GET {_ONE}"))

    def create(self, credentials: Credentials, event: str, topic: str) -> None:
        """Forward all events whose names begin so; only for what `list` does not show."""
        form = {"integration_type": "GoogleCloudPubSub", "event": event, "topic": topic}
        body = self._send(credentials, "POST", _ALL, form=form, repeatable=False)
        member(body, "id", str, f"POST {_ALL}")

    def enable(self, credentials: Credentials, integration: Integration) -> None:
        """`PUT` replaces the whole configuration; one that does not say `disabled` is not."""
        form = {"event": integration.event, "topic": integration.topic}
        if integration.name:
            form["name"] = integration.name
        self._send(credentials, "PUT", _ONE, integration.id, form=form)

    def delete(self, credentials: Credentials, integration_id: str) -> None:
        """Forward nothing any more. One that is gone already is as good."""
        try:
            self._send(credentials, "DELETE", _ONE, integration_id)
        except NotFoundError:
            return

    def test(self, credentials: Credentials, integration_id: str, data: str) -> None:
        """Let Particle forward an event of its own with this data, whose device is `api`.

        Raises `UndeliveredError` when the target does not take it.
        """
        route = _ONE + "/test"
        body = self._send(
            credentials, "POST", route, integration_id, form={"data": data}, repeatable=False
        )
        if not member(body, "pass", bool, f"POST {route}"):
            raise UndeliveredError(f"POST {route}", message_in(body), None)

    def _send(
        self,
        credentials: Credentials,
        method: str,
        route: str,
        integration_id: str = "",
        *,
        form: dict[str, str] | None = None,
        repeatable: bool = True,
    ) -> Any:
        return with_token(
            credentials,
            lambda token: self._transport.send(
                method,
                route,
                path={"product": self._product, "integration": integration_id},
                token=token,
                form=form,
                repeatable=repeatable,
            ),
        )


def _to_pubsub(item: Any) -> bool:
    return optional(item, "integration_type", str) == "GoogleCloudPubSub"


def _integration(item: Mapping[str, Any]) -> Integration:
    return Integration(
        id=member(item, "id", str, _ONE),
        event=optional(item, "event", str) or "",
        topic=optional(item, "topic", str) or "",
        name=optional(item, "name", str),
        disabled=optional(item, "disabled", bool) or False,
        last_failure=_last_failure(optional(item, "logs", list) or []),
    )


def _last_failure(log: list[Any]) -> str | None:
    """The documentation shows the log's existence alone, so any other form is no failure."""
    entries = [entry for entry in log if isinstance(entry, dict)]
    newest = max(entries, key=lambda entry: str(entry.get("created_at", "")), default={})
    if newest.get("type") != "error":
        return None
    return message_in(newest.get("message"))[:200] or "no reason given"
