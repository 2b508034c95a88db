"""`particle check, integrate, disintegrate`: the product at Particle, and its integrations."""

import contextlib
import os
from collections.abc import Iterable, Iterator
from typing import Annotated
from urllib.parse import urlsplit

import typer

from admin.cli.confirm import Yes, confirm
from admin.cli.deployed import use_secrets
from admin.cli.errors import CannotRun
from admin.cli.failures import explained
from admin.cli.operation import record_if_possible
from admin.cli.output import answer
from admin.cli.target import WEBHOOK_SECRET, Target
from admin.doctor import report
from admin.doctor.at_particle import ACCESS
from admin.doctor.deployment import ACCESS_TOKEN, Deployment
from admin.particle.destinations import Destination, Topic, Webhook
from admin.particle.integrations import ALL_EVENTS, Plan, plan, shown
from shared.api.webhooks import HEADER
from shared.particle import Integration, errors

_Topic = Annotated[
    str, typer.Option(metavar="NAME", help="The topic's name, or projects/ID/topics/NAME.")
]
_TOPIC = "particle-events"
_Webhook = Annotated[
    str | None,
    typer.Option(metavar="URL", help="The address of ingest_webhook, instead of a topic."),
]


def check(context: typer.Context) -> None:
    """Check credentials, product and access mode.

    Works before anything is deployed, and changes nothing.

    Exit status: 0 all is well, 1 something is broken, 2 the command could not run.
    """
    report.run(ACCESS, Deployment(Target.of(context)))


def integrate(
    context: typer.Context,
    *,
    topic: _Topic = _TOPIC,
    webhook: _Webhook = None,
    key_secret: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="With --webhook: the cloud secret at Particle that has the value of "
            "WEBHOOK_SECRET. Without it, the webhook gets the value itself, which the product's "
            "team can then read at Particle.",
        ),
    ] = None,
    event: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PREFIX",
            help="Forward events whose names begin with this; may be repeated. By default, what "
            "the setting PARTICLE_EVENTS names, or else the existing integrations, or all events.",
        ),
    ] = None,
    delete_superfluous: Annotated[
        bool,
        typer.Option(
            "--delete-superfluous", help="Delete integrations that forward events a second time."
        ),
    ] = False,
    yes: Yes = False,
) -> None:
    """Forward Particle's events to a topic, or by webhook.

    Creates the integrations that are missing and enables those that are disabled, so that each
    event is forwarded once. Can be repeated.

    Example: particle integrate --event temperature --event pump/
    """
    with _product(context) as deployment:
        destination = _destination(topic, webhook, key_secret, deployment)
        intended = plan(destination.present(), event or deployment.event_prefixes)
        if webhook and ALL_EVENTS in intended.create:
            raise CannotRun(
                "Particle's webhooks need the beginnings of your events' names: "
                "--event temperature --event pump/"
            )
        if delete_superfluous and intended.superfluous:
            confirm(f"Delete the integrations {_names(intended.superfluous)}?", yes=yes)
        _record(intended, destination.name, deployment, deletes=delete_superfluous)
        _create(intended, destination, deployment)
        for one in intended.enable:
            destination.enable(one)
        if delete_superfluous:
            _delete(intended.superfluous, deployment)
        document = {
            ("webhook" if webhook else "topic"): destination.name,
            "created": list(intended.create),
            "enabled": [one.event for one in intended.enable],
            "superfluous": [{"id": one.id, "event": one.event} for one in intended.superfluous],
            "deleted": len(intended.superfluous) if delete_superfluous else 0,
            "integrations": [one.event for one in destination.present()],
        }
    answer(document, lambda: _print(intended, deployment, deleted=delete_superfluous))


def disintegrate(
    context: typer.Context,
    *,
    topic: _Topic = _TOPIC,
    webhook: _Webhook = None,
    yes: Yes = False,
) -> None:
    """Delete the integrations to a topic or webhook.

    Particle's events then no longer arrive there. All other integrations stay.
    """
    with _product(context) as deployment:
        destination = _destination(topic, webhook, None, deployment)
        ours = destination.present()
        if ours:
            deleted = [one.event for one in ours]
            question = f"Delete the integrations {_names(ours)}? No event arrives there afterwards"
            confirm(f"{question}. Continue?", yes=yes)
            record_if_possible(
                deployment.target, "integrations-deleted", topic=destination.name, deleted=deleted
            )
        _delete(ours, deployment)
    answer(
        {"deleted": [{"id": one.id, "event": one.event} for one in ours]},
        f"Deleted {len(ours)}: {_names(ours)}" if ours else "There are none",
    )


@contextlib.contextmanager
def _product(context: typer.Context) -> Iterator[Deployment]:
    """The deployment, with its credentials for Particle; failures become `CannotRun`."""
    deployment = Deployment(Target.of(context))
    with explained(deployment.project):
        use_secrets(deployment.target)
        try:
            yield deployment
        except (errors.ForbiddenError, errors.TokenRejectedError) as failure:
            who = f"{ACCESS_TOKEN}'s owner" if os.environ.get(ACCESS_TOKEN) else "the OAuth client"
            raise CannotRun(
                f"Particle does not let {who} manage the product's integrations. Set "
                f"{ACCESS_TOKEN} to a token of a member of the product's team, or of an API user "
                "with the scopes integrations:list, get, create, update, remove and test"
            ) from failure


def _full_name(topic: str, deployment: Deployment) -> str:
    return topic if "/" in topic else f"projects/{deployment.project}/topics/{topic}"


def _destination(
    topic: str, webhook: str | None, key_secret: str | None, deployment: Deployment
) -> Destination:
    integrations, credentials = deployment.particle.integrations, deployment.integrator
    if webhook is None:
        if key_secret:
            raise CannotRun("--key-secret goes with --webhook")
        return Topic(integrations, credentials, _full_name(topic, deployment))
    parts = urlsplit(webhook)
    if parts.scheme != "https" and not (deployment.local and parts.scheme == "http"):
        raise CannotRun("--webhook needs the https:// address of ingest_webhook")

    def headers() -> dict[str, str]:
        if key_secret:
            return {HEADER: f"{{{{{{{key_secret}}}}}}}"}
        # While it is changed there are two, of which the first is the new one.
        return {HEADER: deployment.target.secret(WEBHOOK_SECRET).split()[0]}

    return Webhook(integrations, credentials, webhook, headers)


def _record(intended: Plan, to: str, deployment: Deployment, *, deletes: bool) -> None:
    """Before anything is changed, so that no change lacks its record."""
    changes = {
        "created": list(intended.create),
        "enabled": [one.event for one in intended.enable],
        "deleted": [one.event for one in intended.superfluous] if deletes else [],
    }
    if any(changes.values()):
        record_if_possible(deployment.target, "integrations-changed", topic=to, **changes)


def _create(intended: Plan, destination: Destination, deployment: Deployment) -> None:
    for prefix in intended.create:
        try:
            destination.create(prefix)
        except errors.RefusedError as failure:
            if prefix or isinstance(failure, errors.ForbiddenError | errors.TokenRejectedError):
                raise
            raise CannotRun(
                f"Particle accepts no integration for all events ({failure.text}). Say how the "
                "names of your devices' events begin, for example for temperature and pump/on: "
                + deployment.name_events("temperature,pump/")
            ) from failure


def _delete(integrations: Iterable[Integration], deployment: Deployment) -> None:
    for one in integrations:
        deployment.particle.integrations.delete(deployment.integrator, one.id)


def _print(intended: Plan, deployment: Deployment, *, deleted: bool) -> None:
    for prefix in intended.create:
        typer.echo(f"Created: {shown(prefix)}")
    for one in intended.enable:
        typer.echo(f"Enabled: {shown(one.event)}")
    if not intended.create and not intended.enable:
        typer.echo("The integrations are in place")
    if "" in intended.create:
        typer.echo(
            "Particle documents that an event name is required. It accepted an empty one, for all "
            "events. If none of your devices' events arrive: "
            + deployment.name_events("temperature,pump/"),
            err=True,
        )
    if extra := intended.superfluous:
        done = "Deleted" if deleted else "Superfluous (--delete-superfluous deletes them)"
        typer.echo(f"{done}: others forward the same events: {_names(extra)}", err=not deleted)


def _names(integrations: Iterable[Integration]) -> str:
    return ", ".join(f"{shown(one.event)} ({one.id})" for one in integrations)
