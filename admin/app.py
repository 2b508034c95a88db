"""The command line: the options of every command, and the table of commands."""

import contextlib
import logging
import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from typing import Annotated

import typer

from admin.cli import interrupted
from admin.cli.errors import CannotRun
from admin.cli.lazy import Command, Group, LazyGroup, Table
from admin.cli.output import choose_json, text

COMMANDS: Table = {
    "doctor": Command("doctor", "Find what is broken between Particle and the app."),
    "conform": Command(
        "conform", "Compare Particle's answers with those that this product assumes."
    ),
    "rehearse": Command("rehearse", "Do what customers do, with a spare device."),
    "devices": Group(
        "Stock, owners and state of devices.",
        {
            "import": Command(
                "devices.import_stock",
                "Import a stock list, so that its devices can be claimed.",
                function="import_stock",
            ),
            "show": Command("devices.show", "Show everything that is known about a device."),
            "search": Command("devices.search", "Find devices by serial number, id or owner."),
            "codes": Command("devices.codes", "Generate setup codes, and labels to print."),
            "check-code": Command(
                "devices.code", "Check whether a setup code is right.", function="check_code"
            ),
            "new-code": Command(
                "devices.code", "Give a device a new setup code.", function="new_code"
            ),
            "ping": Command("devices.live", "Ask a device whether it answers now."),
            "read": Command("devices.live", "Read a variable of a device now."),
            "release": Command("devices.release", "Take a device away from its owner."),
            "block": Command("devices.block", "Block a device: no customer can claim it."),
            "unblock": Command("devices.block", "Allow a blocked device to be claimed again."),
            "reassign": Command("devices.release", "Give a device to another customer."),
            "mismatches": Command(
                "devices.mismatches", "List devices with another owner at Particle."
            ),
            "unknown": Command(
                "devices.unknown", "List devices that publish but are not registered."
            ),
            "adopt": Command("devices.adopt", "Take over claims that exist at Particle."),
            "quarantine": Group(
                "Devices that ask to join the product at Particle.",
                {
                    "list": Command(
                        "devices.quarantine",
                        "List the devices in quarantine.",
                        function="list_quarantined",
                    ),
                    "approve": Command("devices.quarantine", "Let a device into the product."),
                    "deny": Command("devices.quarantine", "Refuse a device permanently."),
                },
            ),
        },
    ),
    "users": Group(
        "Customers and their accounts.",
        {
            "show": Command("users", "Show everything that is known about a customer."),
            "search": Command("search", "Find customers by a part of their address or name."),
            "devices": Command("users", "List a customer's devices, with presence."),
            "send-reset": Command(
                "mails",
                "Send a customer the mail to choose a new password.",
                function="send_reset",
            ),
            "send-verification": Command(
                "mails",
                "Send a customer the mail to confirm their address.",
                function="send_verification",
            ),
            "disable": Command("suspension", "Suspend an account until it is enabled again."),
            "enable": Command("suspension", "Let a suspended account in again."),
            "delete": Command("users", "Delete a customer's account permanently."),
            "backfill": Command("users", "Create shadow customers that are missing."),
            "adopt": Command("users", "Bind users to existing customers at Particle."),
        },
    ),
    "attempts": Group(
        "Wrong setup codes, and who has to wait.",
        {
            "show": Command("attempts", "Show today's wrong setup codes, and who has to wait."),
            "reset": Command(
                "attempts", "Let a customer, or everybody at a label, try again at once."
            ),
        },
    ),
    "shares": Group(
        "Devices that customers share.",
        {"end": Command("shares", "End the share of a guest.")},
    ),
    "deliveries": Group(
        "What customers are told of alerts.",
        {
            "list": Command(
                "deliveries",
                "List notifications about alerts, newest first.",
                function="list_deliveries",
            ),
            "retry": Command("deliveries", "Send notifications again that were given up."),
        },
    ),
    "fleet": Group(
        "All devices together.",
        {"status": Command("fleet", "Count devices by state and firmware.")},
    ),
    "events": Group(
        "Events that devices published.", {"replay": Command("events", "Ingest recorded messages.")}
    ),
    "dead-letters": Group(
        "Messages that could not be stored.",
        {
            "list": Command(
                "dead_letters", "List dead letters, newest first.", function="list_letters"
            ),
            "replay": Command("dead_letters", "Ingest dead letters again."),
            "drop": Command("dead_letters", "Delete dead letters permanently."),
        },
    ),
    "particle": Group(
        "The product at Particle, and its integrations.",
        {
            "check": Command("particle", "Check credentials, product and access mode."),
            "integrate": Command(
                "particle", "Forward Particle's events to a topic, or by webhook."
            ),
            "disintegrate": Command("particle", "Delete the integrations to a topic or webhook."),
        },
    ),
    "audit": Group(
        "The audit trail of operators' changes.",
        {
            "list": Command(
                "audit", "List what operators did, newest first.", function="list_operations"
            )
        },
    ),
    "errors": Group(
        "Errors that customers saw.",
        {
            "show": Command("errors", "Show what caused an error."),
            "list": Command(
                "errors", "List a customer's recent errors, newest first.", function="list_errors"
            ),
        },
    ),
}
"""Each help text is the first line of the command's own help."""

CANNOT_RUN = 2
INTERRUPTED = 130
"""The exit status of a program that Ctrl-C has ended."""

_OF_EVERY_COMMAND = ("--local", "--project", "--json")
_SILENT = logging.NullHandler()

app = typer.Typer(
    cls=LazyGroup.of(COMMANDS),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Operate a deployment: the demo on this machine (--local) or a project in the cloud.",
    epilog="A customer calls: devices show SERIAL · users show EMAIL · errors show ID · doctor",
)


@app.callback()
def choose_target(
    context: typer.Context,
    *,
    local: Annotated[
        bool, typer.Option("--local", help="Use the running demo (make demo) on this machine.")
    ] = False,
    project: Annotated[
        str | None,
        typer.Option(
            metavar="ID",
            help="Use this Google Cloud project; an id, or an alias in .firebaserc.",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Answer with one JSON document, for programs.")
    ] = False,
) -> None:
    """Keep what was chosen, for `Target.of`: help needs no target."""
    if as_json:
        choose_json(context)
    context.obj = (local, project)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit status.

    Returns:
        0 for complete success, 1 for partial success, 2 if it could not run, 130 after Ctrl-C.
    """
    typed = sys.argv[1:] if arguments is None else arguments
    interrupted.begin()
    # What libraries log is for a server's log, not between a command's words.
    logging.getLogger().addHandler(_SILENT)
    try:
        _require_text(typed)
        app(args=_target_first(typed), prog_name="python -m admin")
    except CannotRun as error:
        _complain(f"Error: {error}")
        return CANNOT_RUN
    except SystemExit as done:
        code = done.code if isinstance(done.code, int) else 1
        if code == INTERRUPTED:
            _complain(interrupted.report())
        return code
    except KeyboardInterrupt:
        _complain(interrupted.report())
        return INTERRUPTED
    except OSError as error:
        _complain(f"Error: {error.filename or 'a file or connection'}: {error.strerror or error}")
        return CANNOT_RUN
    except Exception as fault:  # noqa: BLE001 - a traceback helps no operator
        _complain(
            f"Error: the command has a fault of its own ({type(fault).__name__}). Report it with "
            f"the file {_traceback_of(fault)}. `audit list --since 1h` shows whether it changed "
            "something"
        )
        return CANNOT_RUN
    return 0


def _require_text(typed: Sequence[str]) -> None:
    """Refuse bytes that are no text in the terminal's encoding, which Python keeps as surrogates.

    Raises:
        CannotRun: there are some.
    """
    for number, argument in enumerate(typed, 1):
        if not argument.isascii() and any("\ud800" <= one <= "\udfff" for one in argument):
            shown = argument.encode(errors="replace").decode()
            raise CannotRun(f"{shown!r} (word {number}) is not text in UTF-8: type it again")


def _complain(said: str) -> None:
    # Where standard error cannot be written, there is nobody to tell.
    with contextlib.suppress(OSError):
        if said:
            # Line by line: what was typed, or a file's name, may hold control characters.
            typer.echo("\n".join(text(line) for line in said.split("\n")), err=True)


def _traceback_of(fault: Exception) -> str:
    """A new file with the traceback, which only this user can read."""
    try:
        number, name = tempfile.mkstemp(prefix="particle-admin-", suffix=".txt")
        with os.fdopen(number, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.writelines(traceback.format_exception(fault))
    except OSError as failure:
        return f"that could not be written ({failure.strerror})"
    return name


def _target_first(arguments: Sequence[str]) -> list[str]:
    """Move the options of every command to the front, so that they may stand anywhere."""
    first: list[str] = []
    rest: list[str] = []
    remaining = iter(arguments)
    for argument in remaining:
        if argument == "--":
            rest.append(argument)
            break
        if argument == "--project":
            first += [argument, *[value for value in [next(remaining, None)] if value]]
        elif argument.split("=", 1)[0] in _OF_EVERY_COMMAND:
            first.append(argument)
        else:
            rest.append(argument)
    return [*first, *rest, *remaining]
