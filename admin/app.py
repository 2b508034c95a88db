"""The command line itself: what is said before the first command, and the groups of commands."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from admin.cli.errors import CannotRun
from admin.cli.output import choose_json
from admin.cli.target import Target
from admin.commands import (
    audit,
    codes,
    dead_letters,
    devices,
    errors,
    events,
    fleet,
    lookup,
    mismatches,
    owners,
    product,
    quarantine,
    takeover,
    unknown,
    users,
)

_ANYWHERE = ("--local", "--project", "--json")

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Operate a deployment: the demo on this machine (--local) or a project in the cloud.",
    epilog="Somebody calls: devices show SERIAL · users show EMAIL · errors show ID · doctor",
)
lookup.register(devices.app)
devices.app.command()(codes.codes)
owners.register(devices.app)
devices.app.command()(mismatches.mismatches)
devices.app.command()(unknown.unknown)
devices.app.add_typer(quarantine.app, name="quarantine")
takeover.register(users.app, devices.app)
app.command()(product.doctor)
app.add_typer(devices.app, name="devices")
app.add_typer(users.app, name="users")
app.add_typer(fleet.app, name="fleet")
app.add_typer(events.app, name="events")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(product.app, name="particle")
app.add_typer(audit.app, name="audit")
app.add_typer(errors.app, name="errors")


@app.callback()
def choose_target(
    context: typer.Context,
    *,
    local: Annotated[
        bool, typer.Option("--local", help="The running demo (make demo) on this machine.")
    ] = False,
    project: Annotated[
        str | None,
        typer.Option(
            metavar="ID", help="The Google Cloud project to work on, or its alias in .firebaserc."
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Answer with one JSON document, for programs.")
    ] = False,
) -> None:
    """Keep what was chosen; a command that needs it asks, so that help needs nothing."""
    if as_json:
        choose_json(context)
    context.obj = lambda: Target.chosen(local=local, project=project)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and give its exit status.

    Returns:
        0 all done; 1 done in part, as the command says; 2 it could not run; 130 stopped by Ctrl-C.
    """
    try:
        app(
            args=_target_first(sys.argv[1:] if arguments is None else arguments),
            prog_name="python -m admin",
        )
    except CannotRun as error:
        typer.echo(f"Error: {error}", err=True)
        return 2
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else 1
    return 0


def _target_first(arguments: Sequence[str]) -> list[str]:
    """Take the options of all commands wherever they stand: nobody remembers the place."""
    first: list[str] = []
    rest: list[str] = []
    remaining = iter(arguments)
    for argument in remaining:
        if argument == "--":
            rest.append(argument)
            break
        if argument == "--project":
            first += [argument, *[value for value in [next(remaining, None)] if value]]
        elif argument.split("=", 1)[0] in _ANYWHERE:
            first.append(argument)
        else:
            rest.append(argument)
    return [*first, *rest, *remaining]
