"""The links in Pub/Sub: the topic, who may publish, ingest's subscription, its dead letters."""

from datetime import UTC, datetime, timedelta
from typing import Any

from admin.cli.google import GoogleError
from admin.doctor.deployment import Deployment
from admin.doctor.finding import Finding, Link, broken, ok, warning
from shared import times

PUBLISHER = "serviceAccount:particle-public@particle-public.iam.gserviceaccount.com"
"""Particle's account (Particle docs, "Google Cloud Platform" integration)."""
KEPT = timedelta(days=7)
"""How long a subscription keeps messages, by the script; Eventarc creates it with 24 hours."""
LATE = timedelta(minutes=10)
"""Longer than a message waits while everything works."""

_VIEWER = "Pub/Sub Viewer (roles/pubsub.viewer)"
_MAY_PUBLISH = {"roles/pubsub.publisher", "roles/pubsub.editor", "roles/pubsub.admin"}
_NOT_FOUND = 404


def _topic(deployment: Deployment) -> Finding:
    try:
        deployment.google.get(f"{deployment.pubsub}/v1/{deployment.topic}", _VIEWER)
    except GoogleError as failure:
        if failure.status != _NOT_FOUND:
            raise
        return broken(f"there is no {deployment.topic}", deployment.deploy("topic"))
    return ok(deployment.topic)


def _publisher(deployment: Deployment) -> Finding:
    policy = deployment.google.get(
        f"{deployment.pubsub}/v1/{deployment.topic}:getIamPolicy",
        "Security Reviewer (roles/iam.securityReviewer)",
    )
    if not any(
        PUBLISHER in binding.get("members", [])
        for binding in policy.get("bindings", [])
        if binding["role"] in _MAY_PUBLISH
    ):
        return broken("Particle may not publish to it", deployment.deploy("publisher"))
    return ok("Particle's account may publish")


def _subscription(deployment: Deployment) -> Finding:
    """The subscription that the platform created for `ingest`; the topic may have others."""
    prefix = "emulator-sub-" if deployment.local else "eventarc-"
    names = [
        name
        for name in _subscriptions(deployment.topic, deployment)
        if name.rpartition("/")[2].startswith(prefix)
    ]
    if not names:
        return broken(
            "ingest has none, so nothing is delivered",
            deployment.deploy("functions"),
        )
    if deployment.local:
        return ok("delivers to ingest; the emulator delivers once, and keeps no dead letters")
    for name in names:
        found = _subscribed(name, deployment)
        if fault := _fault(name, found, deployment):
            return fault
    return ok(f"delivers to ingest, with backoff; dead letters go to {_dead_topic(found)}")


def _fault(name: str, found: dict[str, Any], deployment: Deployment) -> Finding | None:
    """What is wrong with a subscription, if anything."""
    if why := _delivers_nothing(found):
        return broken(f"ingest gets nothing: {why}", deployment.deploy("functions"))
    if not _dead_topic(found):
        return broken(
            "no dead-letter topic: messages that ingest never acknowledges are lost",
            deployment.deploy("dead-letters"),
        )
    if worry := _worry(found):
        return warning(worry, deployment.deploy("dead-letters"))
    waiting = _measured(name, "oldest_unacked_message_age", deployment)
    if waiting is not None and waiting > LATE.total_seconds():
        return warning(
            f"the oldest message has been waiting for {waiting // 60} minutes",
            deployment.logs("ingest"),
        )
    return None


def _delivers_nothing(subscription: dict[str, Any]) -> str:
    """Why a subscription that exists does not deliver, if so (Pub/Sub REST, "Subscription")."""
    if subscription.get("detached"):
        return "its subscription is detached from the topic"
    if subscription.get("state", "ACTIVE") not in {"ACTIVE", "STATE_UNSPECIFIED"}:
        return f"its subscription is in the state {subscription['state']}"
    if not subscription.get("pushConfig", {}).get("pushEndpoint"):
        return "its subscription has no address to deliver to"
    if subscription.get("filter"):
        return f"its subscription lets only {subscription['filter']} pass"
    return ""


def _worry(subscription: dict[str, Any]) -> str:
    """What is otherwise than the script sets it, if anything."""
    # Without a word of the API it is 7 days (Pub/Sub REST reference, "Subscription").
    text = str(subscription.get("messageRetentionDuration", "604800s"))
    kept = timedelta(seconds=float(text.removesuffix("s")))
    if kept < KEPT:
        return f"messages that wait for ingest are lost after {kept // timedelta(hours=1)} hours"
    if "retryPolicy" not in subscription:
        return "messages that ingest does not acknowledge are repeated without backoff"
    return ""


def _dead_letter_topic(deployment: Deployment) -> Finding:
    found = [
        topic
        for name in _subscriptions(deployment.topic, deployment)
        if (topic := _dead_topic(_subscribed(name, deployment)))
    ]
    for topic in found:
        kept = _subscriptions(topic, deployment)
        if not kept:
            return broken(
                f"{topic} has no subscription: messages that arrive there are lost",
                deployment.deploy("dead-letters"),
            )
        for name in kept:
            if number := _measured(name, "num_undelivered_messages", deployment):
                return warning(
                    f"{number} messages that ingest never acknowledged wait in {name}",
                    f"{deployment.command} dead-letters list",
                )
    return ok(", ".join(found))


def _subscriptions(topic: str, deployment: Deployment) -> list[str]:
    url = f"{deployment.pubsub}/v1/{topic}/subscriptions"
    return deployment.google.items(url, "subscriptions", _VIEWER)


def _subscribed(name: str, deployment: Deployment) -> dict[str, Any]:
    found: dict[str, Any] = deployment.google.get(f"{deployment.pubsub}/v1/{name}", _VIEWER)
    return found


def _dead_topic(subscription: dict[str, Any]) -> str:
    return str(subscription.get("deadLetterPolicy", {}).get("deadLetterTopic", ""))


def _measured(subscription: str, metric: str, deployment: Deployment) -> int | None:
    """The newest value of one of Pub/Sub's metrics; None if there is none, or we may not see it."""
    now = datetime.now(UTC)
    name = subscription.rpartition("/")[2]
    try:
        answer: dict[str, Any] = deployment.google.get(
            f"https://monitoring.googleapis.com/v3/projects/{deployment.project}/timeSeries",
            "Monitoring Viewer (roles/monitoring.viewer)",
            **{
                "filter": f'metric.type="pubsub.googleapis.com/subscription/{metric}" AND '
                f'resource.labels.subscription_id="{name}"',
                "interval.startTime": times.iso(now - LATE),
                "interval.endTime": times.iso(now),
            },
        )
    except GoogleError:
        return None  # optional
    points = [point for series in answer.get("timeSeries", []) for point in series["points"]]
    return int(points[0]["value"]["int64Value"]) if points else None


TOPIC = Link("topic", _topic)
PUBLISHERS = Link(
    "publisher", _publisher, needs=("topic",), cloud_only="the emulator checks no rights"
)
SUBSCRIPTION = Link("subscription", _subscription, needs=("topic", "functions"))
DEAD_LETTER_TOPIC = Link(
    "dead-letter topic",
    _dead_letter_topic,
    needs=("subscription",),
    cloud_only="the emulator never gives up a message",
)
