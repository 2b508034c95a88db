"""`devices ping` and `devices read`: what a device answers now."""

import re
import time
from typing import Annotated

import typer

from admin.cli.arguments import Device
from admin.cli.connection import connected
from admin.cli.errors import CannotRun
from admin.cli.operation import record_if_possible
from admin.cli.output import answer, text
from admin.support import named, resolve
from shared import connections
from shared.particle.errors import NotFoundError

_NAME = re.compile(r"[A-Za-z0-9_]{1,64}")


def ping(context: typer.Context, *, device: Device) -> None:
    """Ask a device whether it answers now.

    Exit status: 0 it answers, 1 it does not, 2 the command could not run.

    Example: devices ping PT-1001
    """
    with connected(context, to_particle=True):
        device_id = resolve.device_id(device)
        what = named.device(device_id)
        began = time.monotonic()
        answers = connections.particle().ping(connections.tokens().server, device_id)
        seconds = round(time.monotonic() - began, 1)
    answer(
        {"deviceId": device_id, "answers": answers, "seconds": seconds},
        f"{what} answers, after {seconds} s"
        if answers
        else f"{what} does not answer: it is offline or asleep",
    )
    if not answers:
        raise typer.Exit(1)


def read(
    context: typer.Context,
    *,
    device: Device,
    variable: Annotated[str, typer.Argument(help="Name of a variable of the firmware.")],
) -> None:
    """Read a variable of a device now.

    That you looked is recorded in the audit trail.

    Example: devices read PT-1001 temperature
    """
    if not _NAME.fullmatch(variable):
        raise CannotRun(f"{variable!r} is no name of a variable: it has A-Z, a-z, 0-9 and _ alone")
    with connected(context, to_particle=True) as target:
        device_id = resolve.device_id(device)
        record_if_possible(target, "variable-read", device_id=device_id, variable=variable)
        server = connections.tokens().server
        try:
            value = connections.particle().read_variable(server, device_id, variable)
        except NotFoundError:
            raise CannotRun(f"The device has no variable {variable}") from None
    answer(
        {"deviceId": device_id, "variable": variable, "value": value},
        f"{variable}: {text(value)}",
    )
