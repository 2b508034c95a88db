"""`devices check-code` and `devices new-code`: the setup code of one device."""

import pathlib
from typing import Annotated

import typer

from admin.cli.arguments import Device, Reason
from admin.cli.confirm import Yes, confirm
from admin.cli.connection import connected
from admin.cli.errors import CannotRun
from admin.cli.operation import operation
from admin.cli.output import answer
from admin.stock import labels as printed
from admin.stock.codes import new
from admin.stock.files import created
from admin.support import named, resolve
from shared import audit
from shared.claims import label
from shared.firestore import paths
from shared.registry.entry import Entry
from shared.registry.ownership import OVERTAKEN


def check_code(
    context: typer.Context,
    *,
    device: Device,
    code: Annotated[
        str | None,
        typer.Option(
            help="The code. Without it you are asked, and it stays out of your shell's history."
        ),
    ] = None,
) -> None:
    """Check whether a setup code is right.

    It counts as no attempt. That you checked is recorded in the audit trail.

    Exit status: 0 it is right, 1 it is wrong, 2 the command could not run.

    Example: devices check-code PT-1001
    """
    with connected(context) as target:
        device_id = resolve.device_id(device)
        pepper = target.pepper()
        typed = code if code is not None else _asked()
        entry = Entry.read(device_id)
        right = label.matches(pepper, device_id, typed, entry.setup_code)
        audit.record(operation(target, "setup-code-checked"), device_id=device_id, right=right)
        owner = named.user(entry.owner_uid) if entry.owner_uid else None
        what = named.device(device_id)
    notes = [f"The code is {'right' if right else 'wrong'} for {what}"]
    if entry.blocked:
        notes.append("but the device is blocked: see devices unblock")
    if owner:
        notes.append(f"{'but ' if right else ''}the device is owned by {owner}")
    answer(
        {
            "deviceId": device_id,
            "right": right,
            "blocked": entry.blocked,
            "ownerUid": entry.owner_uid,
        },
        "; ".join(notes),
    )
    if not right:
        raise typer.Exit(1)


def new_code(
    context: typer.Context,
    *,
    device: Device,
    reason: Reason,
    labels: Annotated[
        pathlib.Path | None,
        typer.Option(help="HTML file to write: the label to print. Needs --url."),
    ] = None,
    url: Annotated[
        str | None, typer.Option(help="Address of the web app, to which the QR code leads.")
    ] = None,
    yes: Yes = False,
) -> None:
    """Give a device a new setup code.

    The code on its label stops working. The new one is shown once, since only a digest of it is
    stored; read it to the customer, or print a label. An owner keeps the device.

    Example: devices new-code PT-1001 --reason "label unreadable"
    """
    if (labels is None) != (url is None):
        raise CannotRun("--labels and --url go together")
    address = printed.address(url) if url is not None else ""
    with connected(context) as target:
        device_id = resolve.device_id(device)
        pepper = target.pepper()
        entry = Entry.read(device_id)
        entry.refuse_while_reserved()
        owner = f", owned by {named.user(entry.owner_uid)}," if entry.owner_uid else ""
        confirm(f"Replace the setup code of {named.device(device_id)}{owner}?", yes=yes)
        code = new(entry.serial_number)
        with created(*([labels] if labels else [])) as files:
            for file in files:
                one = [(entry.serial_number, code)]
                file.writelines(printed.document(printed.Sheet.SINGLE, address, one))
                file.flush()
            batch = paths.client().batch()
            changes = {"setupCode": label.digest(pepper, device_id, code)}
            batch.update(entry.reference, changes, option=entry.unchanged())
            done = operation(target, "setup-code-replaced", reason)
            audit.note(batch, done, device_id=device_id, uid=entry.owner_uid)
            try:
                batch.commit()
            except OVERTAKEN:
                raise CannotRun(
                    "A customer is claiming the device at this moment: run it again"
                ) from None
    answer(
        {"deviceId": device_id, "setupCode": code, "labels": str(labels) if labels else None},
        f"The setup code is {code}" + (f"; label in {labels}" if labels else ""),
    )


def _asked() -> str:
    try:
        return str(typer.prompt("Setup code", err=True))
    except typer.Abort:
        raise CannotRun("There is no code to check: name one with --code") from None
