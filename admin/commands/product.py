"""`doctor`, and `particle check | integrate | disintegrate`: is the way from Particle open?"""

import contextlib
import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from admin.cli.errors import CannotRun
from admin.cli.output import answer
from admin.commands.audit import note

if TYPE_CHECKING:  # importing the product's own modules takes a second, which --help need not wait
    from admin.doctor.deployment import Deployment
    from admin.particle.integrations import Plan
    from shared.particle import Integration

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="The product at Particle, and its events."
)

_Topic = Annotated[
    str, typer.Option(metavar="NAME", help="The topic, or all of projects/ID/topics/NAME.")
]
_TOPIC = "particle-events"


def doctor(context: typer.Context) -> None:
    """Find the broken link from Particle to the app.

    Examines every link, and says what mends what is broken. Sends a test event the whole way. Exit
    status: 0 it works, 1 something is broken, 2 the command could not run.
    """
    from admin.doctor import report  # noqa: PLC0415 - as above
    from admin.doctor.chain import LINKS  # noqa: PLC0415 - as above
    from admin.doctor.deployment import Deployment  # noqa: PLC0415 - as above

    deployment = Deployment(context.obj())
    deployment.target.connect()
    _ = deployment.google  # without a log-in there is nothing to begin with
    report.run(LINKS, deployment)


@app.command()
def check(context: typer.Context) -> None:
    """Examine credentials, product and access mode.

    Needs nothing that is deployed. Exit status: 0 all fits, 1 something does not, 2 the command
    could not run.
    """
    from admin.doctor import report  # noqa: PLC0415 - as above
    from admin.doctor.at_particle import ACCESS  # noqa: PLC0415 - as above
    from admin.doctor.deployment import Deployment  # noqa: PLC0415 - as above

    report.run(ACCESS, Deployment(context.obj()))


@app.command()
def integrate(
    context: typer.Context,
    *,
    topic: _Topic = _TOPIC,
    event: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PREFIX",
            help="Forward events whose names begin so; may be repeated. Without it: what the "
            "integrations say that are there, or all events.",
        ),
    ] = None,
    delete_superfluous: Annotated[
        bool,
        typer.Option("--delete-superfluous", help="Delete those that forward events twice."),
    ] = False,
) -> None:
    """Let Particle forward events to the topic.

    Each once: creates the integrations that are missing and turns on those that are disabled. Can
    be repeated.
    """
    from admin.particle.integrations import plan  # noqa: PLC0415 - as above

    with _product(context) as deployment:
        name = _full(topic, deployment)
        intended = plan(_to(name, deployment), event or ())
        _record(intended, name, deployment, deletes=delete_superfluous)
        _create(intended, name, deployment)
        for one in intended.enable:
            deployment.particle.integrations.enable(deployment.integrator, one)
        if delete_superfluous:
            _delete(intended.superfluous, deployment)
        document = {
            "topic": name,
            "created": list(intended.create),
            "enabled": [one.event for one in intended.enable],
            "superfluous": [{"id": one.id, "event": one.event} for one in intended.superfluous],
            "deleted": len(intended.superfluous) if delete_superfluous else 0,
            "integrations": [one.event for one in _to(name, deployment)],
        }
    answer(document, lambda: _tell(intended, deleted=delete_superfluous))


@app.command()
def disintegrate(context: typer.Context, *, topic: _Topic = _TOPIC) -> None:
    """Delete the integrations to the topic.

    No event comes any more. Others are left alone.
    """
    with _product(context) as deployment:
        name = _full(topic, deployment)
        ours = _to(name, deployment)
        if ours:
            deleted = [one.event for one in ours]
            note(deployment.target, "integrations-deleted", topic=name, deleted=deleted)
        _delete(ours, deployment)
    answer(
        {"deleted": [{"id": one.id, "event": one.event} for one in ours]},
        lambda: typer.echo(f"Deleted {len(ours)}: {_named(ours)}" if ours else "There is none"),
    )


@contextlib.contextmanager
def _product(context: typer.Context) -> Iterator["Deployment"]:
    """The deployment's product; what Particle refuses becomes `CannotRun`."""
    from admin.cli.failures import told  # noqa: PLC0415 - as above
    from admin.cli.secrets import use_secrets  # noqa: PLC0415 - as above
    from admin.doctor.deployment import Deployment  # noqa: PLC0415 - as above
    from shared.particle import errors  # noqa: PLC0415 - as above

    deployment = Deployment(context.obj())
    with told(contextlib.nullcontext()):
        use_secrets(deployment.target)
        try:
            yield deployment
        except (errors.ForbiddenError, errors.TokenRejectedError) as failure:
            raise CannotRun(_who_may(failure)) from failure


def _who_may(failure: Exception) -> str:
    from admin.doctor.deployment import ACCESS_TOKEN  # noqa: PLC0415 - as above

    who = f"the owner of {ACCESS_TOKEN}" if os.environ.get(ACCESS_TOKEN) else "the OAuth client"
    return (
        f"Particle does not let {who} manage the product's integrations ({failure}). Set "
        f"{ACCESS_TOKEN} to a token of a member of the product's team, or of an API user with the "
        "scopes integrations:list, get, create, update, remove and test"
    )


def _full(topic: str, deployment: "Deployment") -> str:
    return topic if "/" in topic else f"projects/{deployment.project}/topics/{topic}"


def _to(topic: str, deployment: "Deployment") -> list["Integration"]:
    listed = deployment.particle.integrations.list(deployment.integrator)
    return [one for one in listed if one.topic == topic]


def _record(intended: "Plan", topic: str, deployment: "Deployment", *, deletes: bool) -> None:
    """Before it is done, so that nothing is done without its record."""
    changes = {
        "created": list(intended.create),
        "enabled": [one.event for one in intended.enable],
        "deleted": [one.event for one in intended.superfluous] if deletes else [],
    }
    if any(changes.values()):
        note(deployment.target, "integrations-changed", topic=topic, **changes)


def _create(intended: "Plan", topic: str, deployment: "Deployment") -> None:
    from shared.particle import errors  # noqa: PLC0415 - as above

    for prefix in intended.create:
        try:
            deployment.particle.integrations.create(deployment.integrator, prefix, topic)
        except errors.RefusedError as failure:
            if prefix or isinstance(failure, errors.ForbiddenError | errors.TokenRejectedError):
                raise
            raise CannotRun(
                f"Particle takes no integration for all events ({failure.text}). Name the "
                "beginnings of your events' names: --event temperature --event pump/"
            ) from failure


def _delete(integrations: Iterable["Integration"], deployment: "Deployment") -> None:
    for one in integrations:
        deployment.particle.integrations.delete(deployment.integrator, one.id)


def _tell(intended: "Plan", *, deleted: bool) -> None:
    from admin.doctor.at_particle import events  # noqa: PLC0415 - as above

    for prefix in intended.create:
        typer.echo(f"Created: {events(prefix)}")
    for one in intended.enable:
        typer.echo(f"Turned on again: {events(one.event)}")
    if not intended.create and not intended.enable:
        typer.echo("Its integrations are in place")
    if "" in intended.create:
        typer.echo(
            "Particle documents that an event name is required. It took an empty one, for all "
            "events; if none of your devices' come, use --event.",
            err=True,
        )
    if extra := intended.superfluous:
        done = "Deleted" if deleted else "Superfluous (--delete-superfluous deletes them)"
        typer.echo(
            f"{done}, since others forward the same events: {_named(extra)}", err=not deleted
        )


def _named(integrations: Iterable["Integration"]) -> str:
    from admin.doctor.at_particle import events  # noqa: PLC0415 - as above

    return ", ".join(f"{events(one.event)} ({one.id})" for one in integrations)
