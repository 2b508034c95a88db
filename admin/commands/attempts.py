"""`attempts show` and `attempts reset`: wrong setup codes, and who has to wait because of them."""

from typing import Annotated, Any

import typer

from admin.cli.arguments import Reason
from admin.cli.connection import connected
from admin.cli.errors import CannotRun
from admin.cli.operation import operation
from admin.cli.output import answer, table
from admin.support import named, resolve
from shared import audit
from shared.claims import claim
from shared.claims.label import Label, normalise_device_id, normalise_serial
from shared.firestore import paths
from shared.limits import attempts

_User = Annotated[str | None, typer.Option(help="Of this customer: e-mail address or uid.")]
_Label = Annotated[
    str | None,
    typer.Option(
        help="At this label: the serial number or device id as the customer types it, even if no "
        "device has it."
    ),
]
_WORDS = {
    "person": "of the customer, at all labels",
    "own": "of the customer, at this label",
    "label": "of everybody, at this label",
}


def show(context: typer.Context, *, user: _User = None, label: _Label = None) -> None:
    """Show today's wrong setup codes, and who has to wait.

    Counts begin again at midnight UTC. Name a customer, a label, or both.

    Example: attempts show --user ada@example.org --label PT-1001
    """
    with connected(context):
        uid, presented, device_id = _chosen(user, label)
        states = attempts.counted(uid, presented)
        found = [
            {"of": one.of, "wrong": one.tries, "lastAt": one.last_at, "waitSeconds": one.wait}
            for one in states
        ]
        who = [named.user(uid)] if uid else []
        who += [named.device(device_id)] if device_id else []
    wait = max((one.wait for one in states), default=0)

    def people() -> None:
        typer.echo(", ".join(who) or f"No device has the label {label}")
        rows = ((_WORDS[one.of], one.tries, one.last_at, one.wait) for one in states)
        table(("WRONG CODES", "TODAY", "LAST", "WAITS (S)"), rows)
        typer.echo(
            f"The next attempt is possible in {wait} s; `attempts reset` ends the wait"
            if wait
            else "The next attempt is possible now"
        )

    document: dict[str, Any] = {"uid": uid, "deviceId": device_id}
    answer({**document, "waitSeconds": wait, "counters": found}, people)


def reset(
    context: typer.Context, *, reason: Reason, user: _User = None, label: _Label = None
) -> None:
    """Let a customer, or everybody at a label, try again at once.

    With both it resets the counters of each, too. Make sure first that it is not somebody who is
    guessing.

    Example: attempts reset --user ada@example.org --reason "read 8 for B, label checked"
    """
    with connected(context) as target:
        uid, presented, device_id = _chosen(user, label)
        batch = paths.client().batch()
        attempts.forget(batch, uid, presented)
        done = operation(target, "attempts-reset", reason)
        audit.note(batch, done, uid=uid, device_id=device_id)
        batch.commit()
    answer({"uid": uid, "deviceId": device_id}, "The next attempt is possible now")


def _chosen(user: str | None, label: str | None) -> tuple[str | None, str | None, str | None]:
    """The customer's uid, by what guesses at the label are counted, and the label's device."""
    if user is None and label is None:
        raise CannotRun("Name a customer (--user), a label (--label), or both")
    uid = resolve.uid(user) if user is not None else None
    if label is None:
        return uid, None, None
    try:
        typed = Label(device_id=normalise_device_id(label))
    except ValueError:
        try:
            typed = Label(serial_number=normalise_serial(label))
        except ValueError as failure:
            raise CannotRun(f"{label!r}: {failure}") from None
    device_id, presented = claim.look_up(typed)
    exists = device_id is not None and paths.device(device_id).get(["ownerUid"]).exists
    return uid, presented, device_id if exists else None
