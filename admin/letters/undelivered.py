"""Messages that `ingest` never acknowledged, which Pub/Sub keeps in a subscription.

After its last attempt Pub/Sub moves a message to the topic `particle-events-dead`, whose
subscription of the same name (created by deploy.sh) keeps it for seven days. A message gets there
through a failure of a service or of our code. Messages that are faulty themselves are in
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

_BATCH = 1000
_WAIT = 5.0
"""Seconds without a message after which the subscription counts as empty."""
_HELD = 600
"""Seconds that other subscribers do not get a message meanwhile; the most that Pub/Sub allows."""
_FIRST_PUBLISHED = "CloudPubSubDeadLetterSourceTopicPublishTime"
"""An attribute that Pub/Sub adds to a message that it moves (Pub/Sub, "Dead-letter topics")."""


@dataclass(frozen=True)
class Message:
    """A message in the subscription."""

    id: str
    received_at: Any
    delivered: dict[str, Any]
    """The body that Pub/Sub would push to `ingest`."""


@dataclass
class Messages:
    """The messages in the subscription, and the ids of those to be acknowledged."""

    waiting: list[Message] = field(default_factory=list)
    done: set[str] = field(default_factory=set)

    def acknowledge(self, message: Message) -> None:
        """Let Pub/Sub delete the message when the context ends."""
        self.done.add(message.id)


class NoSubscriptionError(Exception):
    """The deployment has no such subscription."""


@contextlib.contextmanager
def held(project: str) -> Iterator[Messages]:
    """All messages in the subscription. Meanwhile no other subscriber gets them.

    At the end, acknowledged messages are deleted and the others can be pulled again at once. So
    listing loses nothing, nor does a crash.

    Raises:
        NoSubscriptionError: the subscription was never created.
        CannotRun: the operator may not read it.
    """
    with SubscriberClient() as client:
        path = client.subscription_path(project, SUBSCRIPTION)
        ack_ids: dict[str, str] = {}
        messages = Messages()
        try:
            for message in _pulled(client, path, ack_ids):
                messages.waiting.append(_read(message))
            yield messages
        finally:
            _settle(client, path, ack_ids, messages.done)


def _pulled(
    client: SubscriberClient, path: str, ack_ids: dict[str, str]
) -> Iterator[ReceivedMessage]:
    """Each message once, until no more arrive."""
    while True:
        try:
            answer = client.pull(subscription=path, max_messages=_BATCH, timeout=_WAIT)
        except DeadlineExceeded:
            return
        except NotFound as error:
            raise NoSubscriptionError from error
        except PermissionDenied as error:
            raise CannotRun(
                f"No access to the subscription {SUBSCRIPTION}: ask for the role Pub/Sub "
                "Subscriber (roles/pubsub.subscriber), or choose those in Firestore with --reason"
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
    everything = list(ack_ids.items())
    for start in range(0, len(everything), _BATCH):
        batch = everything[start : start + _BATCH]
        if finished := [ack_id for message, ack_id in batch if message in done]:
            client.acknowledge(subscription=path, ack_ids=finished)
        if returned := [ack_id for message, ack_id in batch if message not in done]:
            client.modify_ack_deadline(subscription=path, ack_ids=returned, ack_deadline_seconds=0)


def _read(received: ReceivedMessage) -> Message:
    message = received.message
    attributes = dict(message.attributes)
    body = {
        "attributes": attributes,
        "data": base64.b64encode(message.data).decode(),
        "messageId": message.message_id,
        "publishTime": attributes.get(_FIRST_PUBLISHED) or message.publish_time.isoformat(),
    }
    return Message(message.message_id, message.publish_time, {"message": body})
