"""`rehearse`: does everything that customers do with a device work, in this deployment?"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from admin.cli.arguments import Device
from admin.cli.connection import connected
from admin.cli.errors import CannotRun
from admin.cli.output import answer
from admin.doctor.deployment import Deployment
from admin.rehearsal import report, steps
from admin.rehearsal.person import Services
from admin.rehearsal.steps import Done, Plan, Rehearsal
from admin.support import resolve
from shared.firestore import paths

_RIGHTS = """\
This signs two customers up, lets each claim the device {device} in turn, and deletes them again. It
needs your log-in to Google Cloud with the roles Cloud Datastore User and Firebase Authentication
Admin, and access to Particle's credentials in Secret Manager (Secret Manager Secret Accessor). With
--function the device acts."""


def rehearse(
    context: typer.Context,
    *,
    device: Device,
    code: Annotated[
        str, typer.Option(prompt="Setup code", help="The setup code on the device's label.")
    ],
    function: Annotated[
        str | None, typer.Option(metavar="NAME", help="Call this function of the device.")
    ] = None,
    argument: Annotated[str, typer.Option(metavar="TEXT", help="The function's argument.")] = "",
    variable: Annotated[
        str | None, typer.Option(metavar="NAME", help="Read this variable of the device.")
    ] = None,
    no_hands: Annotated[
        bool, typer.Option("--no-hands", help="Nobody can unplug the device: leave the queue out.")
    ] = False,
    page: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write the report as a page, too.")
    ] = None,
    app_check: Annotated[
        str | None,
        typer.Option(
            metavar="TOKEN", help="A token of App Check, where the functions require one."
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Begin without asking.")] = False,
) -> None:
    """Do what customers do, with a spare device.

    Two new customers sign up. The first one claims the device by its label, calls a function, reads
    a variable and releases it; the second one must not reach it before, and must not see the first
    one's history afterwards. Then both are deleted, and nothing is left behind. An interrupted
    rehearsal is cleaned up by the next one. A device that anybody owns is never touched.

    Exit status: 0 everything works, 1 something is broken, 2 the command could not run.

    Example: rehearse PT-1001 --function set_target --argument 21 --variable target
    """
    with connected(context, to_particle=True) as target:
        device_id = resolve.device_id(device)
        deployment = Deployment(target)
        _ask(device, yes=yes)
        _finish_interrupted(deployment)
        steps.require_spare(deployment, device_id)
        entry = paths.device(device_id).get(["serialNumber"])
        serial = entry.get("serialNumber")
        label = {"serialNumber": serial} if serial else {"deviceId": device_id}
        plan = Plan(
            device_id,
            {**label, "setupCode": code},
            function=function,
            argument=argument,
            variable=variable,
            hands=None if no_hands else _hands,
        )
        services = Services.of(deployment, app_check)
        done = _run(Rehearsal(deployment, services, plan))
    if page:
        _write(page, report.page(target.project, device_id, done))
    answer(report.document(target.project, device_id, done), lambda: report.print_result(done))
    if report.is_broken(done):
        raise typer.Exit(1)


def _run(rehearsal: Rehearsal) -> list[Done]:
    done: list[Done] = []
    try:
        for step in rehearsal.steps():
            done.append(step)
            report.line(step)
    finally:
        if going_on := rehearsal.clean_up():
            typer.echo(
                f"The erasure of {', '.join(going_on)} continues in the background.", err=True
            )
    return done


def _ask(device: str, *, yes: bool) -> None:
    typer.echo(_RIGHTS.format(device=device), err=True)
    if yes:
        return
    if not sys.stdin.isatty():
        raise CannotRun("Nobody can be asked here: say --yes")
    typer.confirm("Begin?", abort=True, err=True)


def _finish_interrupted(deployment: Deployment) -> None:
    if uids := steps.leftovers():
        typer.echo(f"Cleaning up after an interrupted rehearsal: {', '.join(uids)}", err=True)
        steps.erase(deployment, uids)


def _hands(what: str) -> None:
    if not sys.stdin.isatty():
        raise CannotRun(f"{what}: nobody can be asked here, so say --no-hands")
    typer.prompt(f"{what}. Then press Enter", default="", show_default=False, err=True)


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as failure:
        raise CannotRun(f"{file} cannot be written: {failure.strerror}") from failure
