"""`users show, devices, delete`: a customer, by their e-mail address or uid."""

import sys
from typing import Annotated, Any

import typer

from admin.cli.connection import connected
from admin.cli.errors import CannotRun
from admin.cli.output import answer, fields, heading, table
from admin.commands.audit import Reason, note, operation

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Customers.")

User = Annotated[str, typer.Argument(help="E-mail address or uid.")]

_PATIENCE = 300.0
"""Seconds of erasing that the operator waits for; then the tombstone's trigger goes on alone."""


@app.callback()
def users() -> None:
    """Make `users` a group."""


@app.command()
def show(context: typer.Context, *, user: User) -> None:
    """Show all that is known of a customer. The audit trail tells who looked."""
    with connected(context) as target:
        # Not at the top: it imports Firestore's client, a second that --help need not wait.
        from admin.support.named import user_named  # noqa: PLC0415
        from admin.support.user_report import report  # noqa: PLC0415 - as above

        uid = user_named(user)
        note(target, "user-read", uid=uid)
        found = report(uid)
    answer(found, lambda: _screen(found))


@app.command()
def devices(context: typer.Context, *, user: User) -> None:
    """List a customer's devices, with presence."""
    with connected(context):
        from admin.support.named import user_named  # noqa: PLC0415 - as above
        from admin.support.user_report import devices_of  # noqa: PLC0415 - as above

        found = devices_of(user_named(user))
    answer(found, lambda: _devices(found))


@app.command()
def delete(
    context: typer.Context,
    *,
    user: User,
    reason: Reason,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete an account for good.

    With all that is theirs, as the customer can do it themselves. Their devices become free. It
    cannot be undone, so the address has to be typed again. What is not erased within minutes, the
    deployed functions erase in the background.
    """
    with connected(context, to_particle=True) as target:
        from admin.support.named import addresses, user_named  # noqa: PLC0415 - as above
        from shared.privacy import deletion  # noqa: PLC0415 - as above

        uid = user_named(user)
        if not yes:
            _confirm(addresses([uid]).get(uid) or uid)
        status = deletion.delete(uid, _PATIENCE, operation(target, "account-deleted", reason))
    answer(
        {"uid": uid, "status": status},
        "Deleted" if status == "deleted" else "Deleted; erasing goes on in the background",
    )


def _confirm(name: str) -> None:
    if not sys.stdin.isatty():
        raise CannotRun("Nobody is there to be asked: say --yes if it is meant")
    try:
        typed = typer.prompt(
            f"Type {name} to delete this account for good",
            default="",
            show_default=False,
            err=True,
        )
    except typer.Abort:
        raise CannotRun("Nothing was deleted") from None
    if typed != name:
        raise CannotRun("That is another name: nothing was deleted")


def _screen(found: dict[str, Any]) -> None:
    customer, deletion = found["customer"], found["deletion"]
    fields(
        ("uid", found["uid"]),
        ("e-mail", found["email"]),
        ("verified", found["emailVerified"]),
        ("sign-in", found["signIn"]),
        ("providers", ", ".join(found["providers"]) or "none"),
        ("created", found["createdAt"]),
        ("last sign-in", found["lastSignInAt"]),
        ("sign-ins ended", found["sessionsEndedAt"]),
        ("customer", customer["status"]),
        ("because", customer["reason"]),
        ("name at Particle", customer["identity"]),
        ("deletion", deletion["state"]),
        ("deleted", deletion["at"]),
    )
    heading("Devices")
    _devices(found["devices"])
    if found["awaiting"]:
        heading("Claim codes that are out")
        table(
            ("SERIAL", "DEVICE", "UNTIL"),
            ([one["serialNumber"], one["deviceId"], one["until"]] for one in found["awaiting"]),
        )
    heading("What they did last")
    table(
        ("AT", "ACTION", "DEVICE", "FUNCTION"),
        (
            [one.get(key) for key in ("at", "action", "deviceId", "function")]
            for one in found["activity"]
        ),
    )


def _devices(found: list[dict[str, Any]]) -> None:
    table(
        ("SERIAL", "DEVICE", "NAME", "PRESENCE", "LAST HEARD OF", "FIRMWARE", "SINCE"),
        (
            [
                *(one[key] for key in ("serialNumber", "deviceId", "name")),
                one["presence"]["state"],
                one["presence"]["lastSeenAt"],
                *(one[key] for key in ("firmwareVersion", "claimedAt")),
            ]
            for one in found
        ),
    )
