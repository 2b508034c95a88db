"""Messages that `ingest` never acknowledged, as the platform keeps them: a Pub/Sub subscription.

After its last attempt Pub/Sub moves a message to the topic `particle-events-dead`, whose
subscription of the same name (made by deploy.sh) keeps it for seven days. It is the fault of a
service or of our code that brings a message there, never the message's own: those are in
`deadLetters`.
"""

import base64
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from google.api_core.exceptions import DeadlineExceeded, NotFound, PermissionDenied
from google.cloud.pubsub_v1 import SubscriberClient
from google.cloud.pubsub_v1.types import ReceivedMessage

from admin.cli.errors import CannotRun

SUBSCRIPTION = "particle-events-dead"
REASON = "never-acknowledged"

_AT_ONCE = 1000
_WAIT = 5.0
"""Seconds without a message after which there are no more."""
_HELD = 600
"""Seconds that a message is kept from others while it is worked on: the most that Pub/Sub allows.
"""
_FIRST_PUBLISHED = "CloudPubSubDeadLetterSourceTopicPublishTime"
"""Attribute that Pub/Sub gives a message that it moves (Pub/Sub, "Dead-letter topics")."""


@dataclass(frozen=True)
class Letter:
    """A message that waits there."""

    id: str
    received_at: Any
    delivered: dict[str, Any]
    """As Pub/Sub would push it to `ingest`."""


@dataclass
class Letters:
    """Those that wait, and those of them that are done with."""

    waiting: list[Letter] = field(default_factory=list)
    done: set[str] = field(default_factory=set)

    def acknowledge(self, letter: Letter) -> None:
        """Let the platform forget it."""
        self.done.add(letter.id)


class NoSubscriptionError(Exception):
    """The deployment has no such subscription."""


@contextlib.contextmanager
def held(project: str) -> Iterator[Letters]:
    """All messages that wait, kept from others meanwhile.

    At the end, those that were acknowledged are gone and the rest can be pulled again at once; so
    listing loses nothing, and neither does dying in between.

    Raises:
        NoSubscriptionError: it was never made.
        CannotRun: the operator may not read it.
    """
    with SubscriberClient() as client:
        path = client.subscription_path(project, SUBSCRIPTION)
        ack_ids: dict[str, str] = {}
        letters = Letters()
        try:
            for message in _pulled(client, path, ack_ids):
                letters.waiting.append(_letter(message))
            yield letters
        finally:
            _settle(client, path, ack_ids, letters.done)


def _pulled(
    client: SubscriberClient, path: str, ack_ids: dict[str, str]
) -> Iterator[ReceivedMessage]:
    """Each message once, until none comes any more."""
    while True:
        try:
            answer = client.pull(subscription=path, max_messages=_AT_ONCE, timeout=_WAIT)
        except DeadlineExceeded:
            return
        except NotFound as error:
            raise NoSubscriptionError from error
        except PermissionDenied as error:
            raise CannotRun(
                f"No access to the subscription {SUBSCRIPTION}: ask for the role Pub/Sub "
                "Subscriber (roles/pubsub.subscriber), or say --reason for those in Firestore"
            ) from error
        if not answer.received_messages:
            return
        fresh = [m for m in answer.received_messages if m.message.message_id not in ack_ids]
        ack_ids |= {m.message.message_id: m.ack_id for m in answer.received_messages}
        client.modify_ack_deadline(
            subscription=path,
            ack_ids=[m.ack_id for m in answer.received_messages],
            ack_deadline_seconds=_HELD,
        )
        yield from fresh


def _settle(client: SubscriberClient, path: str, ack_ids: dict[str, str], done: set[str]) -> None:
    acknowledged = [ack_id for message, ack_id in ack_ids.items() if message in done]
    given_back = [ack_id for message, ack_id in ack_ids.items() if message not in done]
    for start in range(0, len(acknowledged), _AT_ONCE):
        client.acknowledge(subscription=path, ack_ids=acknowledged[start : start + _AT_ONCE])
    for start in range(0, len(given_back), _AT_ONCE):
        client.modify_ack_deadline(
            subscription=path,
            ack_ids=given_back[start : start + _AT_ONCE],
            ack_deadline_seconds=0,
        )


def _letter(received: ReceivedMessage) -> Letter:
    message = received.message
    attributes = dict(message.attributes)
    body = {
        "attributes": attributes,
        "data": base64.b64encode(message.data).decode(),
        "messageId": message.message_id,
        "publishTime": attributes.get(_FIRST_PUBLISHED) or message.publish_time.isoformat(),
    }
    return Letter(message.message_id, message.publish_time, {"message": body})
