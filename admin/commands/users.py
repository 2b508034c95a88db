"""`users show, devices, delete, backfill, adopt`: customers and their accounts."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer
from firebase_admin import auth

from admin.cli.arguments import DryRun, Reason, User
from admin.cli.confirm import Yes, confirm, confirm_by_name
from admin.cli.connection import connected
from admin.cli.operation import operation, record_if_possible
from admin.cli.output import answer, fields, heading, table_of
from admin.cli.progress import track
from admin.particle import fleet
from admin.support import resolve
from admin.support.user_report import devices_of, report
from shared import audit, connections, errors
from shared.customers import shadow
from shared.firestore import paths
from shared.firestore.ids import is_uid
from shared.privacy import deletion

_SHOWN = 20
"""Customers left alone who are named before the rest is only counted."""
_PATIENCE = 300.0
"""Seconds that the operator waits for the erasure; after that the deployed functions finish it."""


def show(context: typer.Context, *, user: User) -> None:
    """Show everything that is known about a customer.

    Account, customer at Particle, devices, shares, claim codes, last activity and deletion. That
    you looked is recorded in the audit trail.

    Example: users show ada@example.org
    """
    with connected(context) as target:
        uid = resolve.uid(user)
        record_if_possible(target, "user-read", uid=uid)
        found = report(uid)
    answer(found, lambda: _print(found))


def devices(context: typer.Context, *, user: User) -> None:
    """List a customer's devices, with presence."""
    with connected(context):
        found = devices_of(resolve.uid(user))
    answer(found, lambda: _print_devices(found))


def delete(
    context: typer.Context,
    *,
    user: User,
    reason: Reason,
    yes: Yes = False,
) -> None:
    """Delete a customer's account permanently.

    Deletes all their data, as customers can do themselves, and releases their devices. It cannot be
    undone, so you are asked to type the address again. The deployed functions erase whatever is not
    erased within minutes.

    Example: users delete ada@example.org --reason "asked by mail"
    """
    with connected(context, to_particle=True) as target:
        uid = resolve.uid(user)
        name = resolve.addresses([uid]).get(uid) or uid
        confirm_by_name(name, "delete this account permanently", yes=yes)
        status = deletion.delete(uid, _PATIENCE, operation(target, "account-deleted", reason))
    answer(
        {"uid": uid, "status": status},
        "Deleted" if status == "deleted" else "Deleted; the erasure continues in the background",
    )


def backfill(context: typer.Context, *, dry_run: DryRun = False, yes: Yes = False) -> None:
    """Create shadow customers that are missing.

    For users who signed up before this product was installed; anonymous users get none. Can be
    interrupted and repeated.

    Exit status: 0 every user has one, 1 some could not get one, 2 the command could not run.

    Example: users backfill --dry-run
    """
    made = ready = 0
    refused: list[dict[str, str]] = []
    with connected(context, to_particle=True) as target:
        done = operation(target, "customers-backfilled")
        try:
            users = _registered_users()
            if not dry_run:
                confirm(
                    f"Create customers at Particle for those of {len(users)} users who have none? "
                    "--dry-run counts them",
                    yes=yes,
                )
            for user in track(users, "Users", len(users)):
                profile = paths.user(user.uid).get().to_dict() or {}
                if profile.get("particle", {}).get("status") == "ready":
                    ready += 1
                    continue
                if refusal := _refusal(user.uid, dry_run=dry_run):
                    name = f"{user.email} ({user.uid})" if user.email else user.uid
                    typer.echo(f"{name}: {refusal.reason}", err=True)
                    refused.append({"uid": user.uid, "reason": refusal.reason})
                    continue
                made += 1
        finally:
            if made and not dry_run:
                audit.record(done, made=made)
    answer(
        {"made": made, "ready": ready, "refused": refused, "dryRun": dry_run},
        f"{'would make' if dry_run else 'made'} {made}, ready {ready}, refused {len(refused)}",
    )
    if refused:
        raise typer.Exit(1)


def _refusal(uid: str, *, dry_run: bool) -> errors.ProductError | None:
    """Make a user's customer, or only look; why the user can get none."""
    if dry_run:
        return shadow.foreseen_refusal(uid)
    try:
        shadow.ensure(uid)
    except (errors.CustomerNotReady, errors.EmailUnverified) as refusal:
        return refusal
    return None


def adopt(
    context: typer.Context,
    *,
    dry_run: DryRun = False,
    unverified: Annotated[
        bool, typer.Option("--unverified", help="Also bind users with unverified addresses.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Bind users to existing customers at Particle.

    For a product that had customers before: binds each user to the customer at Particle whose name
    is the user's verified e-mail address. Users who are bound already stay as they are. Particle
    lists only customers who own a device. Whom it leaves alone it names, with the reason. Can be
    repeated.

    Example: users adopt --dry-run
    """
    bound = 0
    left: list[dict[str, str]] = []
    with connected(context, to_particle=True) as target:
        # Of two users with one address, the one who has verified it counts.
        everybody = sorted(_registered_users(), key=lambda user: bool(user.email_verified))
        users = {str(user.email).lower(): user for user in everybody if user.email}
        if not dry_run:
            confirm(
                "Bind users to customers at Particle, which cannot be undone? --dry-run names them",
                yes=yes,
            )
        done = operation(target, "customer-adopted")
        for name in track(_customers_at_particle(), "Customers at Particle"):
            if why := _why_left_alone(users.get(name), name, unverified=unverified):
                left.append({"customer": name, "reason": why})
                continue
            if not dry_run and not shadow.adopt(users[name].uid, name):
                left.append({"customer": name, "reason": "somebody was faster: run it again"})
                continue
            if not dry_run:
                audit.record(done, uid=users[name].uid)
            bound += 1

    def people() -> None:
        typer.echo(f"{'would bind' if dry_run else 'bound'} {bound}, left alone {len(left)}")
        for one in left[:_SHOWN]:
            typer.echo(f"left alone: {one['customer']}: {one['reason']}", err=True)
        if len(left) > _SHOWN:
            typer.echo(f"left alone: {len(left) - _SHOWN} more (--json lists all)", err=True)

    answer({"bound": bound, "leftAlone": left, "dryRun": dry_run}, people)


def _why_left_alone(user: Any, name: str, *, unverified: bool) -> str | None:
    """Why a customer at Particle is bound to no user."""
    if user is None:
        return "no user has this address"
    if not (user.email_verified or unverified):
        return "the user's address is not verified (--unverified binds them all the same)"
    return shadow.why_not_adopted(user.uid, name)


def _customers_at_particle() -> Iterator[str]:
    """The names of the product's customers at Particle."""
    for names in fleet.pages(connections.particle().customers, str):
        yield from names


def _registered_users() -> list[Any]:
    """All users except anonymous ones, and those whose uids the product refuses."""
    everybody = track(auth.list_users(app=connections.firebase()).iterate_all(), "Reading users")
    return [user for user in everybody if user.provider_data and is_uid(user.uid)]


def _print(found: dict[str, Any]) -> None:
    customer, erasure = found["customer"], found["deletion"]
    fields(
        ("uid", found["uid"]),
        ("e-mail", found["email"]),
        ("name", found["profile"]["displayName"]),
        ("verified", found["emailVerified"]),
        ("sign-in", found["signIn"]),
        ("providers", ", ".join(found["providers"]) or "none"),
        ("created", found["createdAt"]),
        ("last sign-in", found["lastSignInAt"]),
        ("sessions ended", found["sessionsEndedAt"]),
        ("customer", customer["status"]),
        ("reason", customer["reason"]),
        ("name at Particle", customer["identity"]),
        ("deletion", erasure["state"]),
        ("deleted", erasure["at"]),
    )
    heading("Devices")
    _print_devices(found["devices"])
    columns = {"serialNumber": "SERIAL", "deviceId": "DEVICE", "role": "ROLE", "since": "SINCE"}
    columns["until"] = "UNTIL"
    if found["sharedByThem"]:
        heading("Their devices, shared with others")
        table_of(found["sharedByThem"], guestEmail="GUEST", guestUid="UID", **columns)
    if found["sharedWithThem"]:
        heading("Devices of others, shared with them")
        table_of(found["sharedWithThem"], ownerEmail="OWNER", ownerUid="UID", **columns)
    if found["awaiting"]:
        heading("Claim codes that can still be used")
        table_of(found["awaiting"], serialNumber="SERIAL", deviceId="DEVICE", until="UNTIL")
    heading("Last activity")
    columns = {"at": "AT", "action": "ACTION", "serialNumber": "SERIAL", "deviceId": "DEVICE"}
    columns["function"] = "FUNCTION"
    table_of(found["activity"], **columns)


def _print_devices(found: list[dict[str, Any]]) -> None:
    columns = {"serialNumber": "SERIAL", "deviceId": "DEVICE", "name": "NAME", "state": "PRESENCE"}
    columns |= {"lastSeenAt": "LAST HEARD OF", "firmwareVersion": "FIRMWARE", "claimedAt": "SINCE"}
    table_of(({**one, **one["presence"]} for one in found), **columns)
