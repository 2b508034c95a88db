"""`users backfill`, `users adopt`, `devices adopt`: a product that had customers before."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from admin.cli.connection import connected
from admin.cli.errors import CannotRun
from admin.cli.output import answer
from admin.cli.progress import track
from admin.commands.audit import operation

DryRun = Annotated[bool, typer.Option("--dry-run", help="Tell what would be done; do nothing.")]


def register(users: typer.Typer, devices: typer.Typer) -> None:
    """Add the commands to the groups."""
    users.command("backfill")(backfill)
    users.command("adopt")(adopt_customers)
    devices.command("adopt")(adopt_claims)


def backfill(context: typer.Context, *, dry_run: DryRun = False) -> None:
    """Make the shadow customers that are missing.

    Those of users who signed up before this product was installed.

    Can be stopped and run again: who has one is skipped. Anonymous users get none. Exit status: 0
    all have one, 1 some could not get one, 2 the command could not run.
    """
    made = ready = 0
    refused: list[dict[str, str]] = []
    with connected(context, to_particle=True) as target:
        # Not at the top: it imports Firestore's client, a second that --help need not wait.
        from shared import audit, errors  # noqa: PLC0415
        from shared.customers import shadow  # noqa: PLC0415
        from shared.firestore import paths  # noqa: PLC0415

        done = operation(target, "customers-backfilled")
        try:
            for user in track(users := _registered_users(), "Users", len(users)):
                profile = paths.user(user.uid).get().to_dict() or {}
                if profile.get("particle", {}).get("status") == "ready":
                    ready += 1
                    continue
                if not dry_run:
                    try:
                        shadow.ensure(user.uid)
                    except (errors.CustomerNotReady, errors.EmailUnverified) as refusal:
                        typer.echo(f"{user.uid}: {refusal.reason}", err=True)
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


def adopt_customers(
    context: typer.Context,
    *,
    dry_run: DryRun = False,
    unverified: Annotated[
        bool, typer.Option("--unverified", help="Also users whose address is not verified.")
    ] = False,
) -> None:
    """Bind users to the customers at Particle.

    To those who bear their verified e-mail address.

    For a product that had customers before. Can be repeated. Particle lists only customers who own
    a device. Users who are bound already stay as they are.
    """
    bound = skipped = 0
    with connected(context, to_particle=True) as target:
        from shared import audit  # noqa: PLC0415 - as above
        from shared.customers import shadow  # noqa: PLC0415

        addresses = {
            str(user.email).lower(): user.uid
            for user in _registered_users()
            if user.email and (user.email_verified or unverified)
        }
        done = operation(target, "customer-adopted")
        for name in track(_customers_at_particle(), "Customers at Particle"):
            uid = addresses.get(name)
            if uid is None or not (dry_run or shadow.adopt(uid, name)):
                skipped += 1
                continue
            if not dry_run:
                audit.record(done, uid=uid)
            bound += 1
    answer(
        {"bound": bound, "leftAlone": skipped, "dryRun": dry_run},
        f"{'would bind' if dry_run else 'bound'} {bound}, left alone {skipped}",
    )


def adopt_claims(
    context: typer.Context,
    *,
    from_particle: Annotated[
        bool, typer.Option("--from-particle", help="By the claims that exist at Particle.")
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """Take over claims that exist at Particle.

    Makes customers the owners of what they claimed there before this product came.

    For imported devices that nobody owns here, whose owner at Particle is a customer from before
    (users adopt). Do it before their apps get tokens: with one they can claim at Particle whatever
    nobody owns there. Can be repeated: what is done is skipped. Exit status: 0 done, 1 some devices
    were changing hands, 2 the command could not run.
    """
    if not from_particle:
        raise CannotRun("Say --from-particle: there is no other source")
    adopted = unknown = 0
    changing: list[str] = []
    with connected(context, to_particle=True) as target:
        from admin.particle import fleet  # noqa: PLC0415 - as above
        from shared import errors  # noqa: PLC0415
        from shared.firestore import paths  # noqa: PLC0415 - as above
        from shared.registry import ownership  # noqa: PLC0415

        done = operation(target, "claim-adopted")
        for device, entry in track(fleet.registered(), "Devices", fleet.number()):
            if entry.owner_uid is not None or device.owner is None or entry.blocked:
                continue
            bound = paths.shadow_customer(device.owner).get().to_dict() or {}
            if not bound.get("adopted"):
                unknown += 1
                continue
            try:
                if dry_run or _adopt(bound["uid"], device, done):
                    adopted += 1
            except (*ownership.OVERTAKEN, errors.InProgress):
                typer.echo(f"{device.id}: changing hands", err=True)
                changing.append(device.id)
    answer(
        {
            "adopted": adopted,
            "ownedByStrangers": unknown,
            "changingHands": changing,
            "dryRun": dry_run,
        },
        f"{'would adopt' if dry_run else 'adopted'} {adopted}; owned at Particle by customers who "
        f"were not adopted: {unknown}",
    )
    if changing:
        raise typer.Exit(1)


def _adopt(uid: str, device: Any, done: Any) -> bool:
    """Make the user the owner of a device that nobody has claimed since it was listed.

    Raises `InProgress` and Firestore's refusal when somebody is claiming it.
    """
    from shared.claims import at_particle  # noqa: PLC0415
    from shared.registry import ownership  # noqa: PLC0415 - as above
    from shared.registry.entry import Entry  # noqa: PLC0415

    current = Entry.read(device.id)
    if current.owner_uid is not None or current.is_awaited:
        return False
    current.refuse_while_reserved()
    now = at_particle.in_product(device.id)
    if now.owner != device.owner:
        return False
    ownership.give(uid, current, now, now.name, done)
    return True


def _customers_at_particle() -> Iterator[str]:
    """Their names."""
    from admin.particle import fleet  # noqa: PLC0415 - as above
    from shared import connections  # noqa: PLC0415 - as above

    for names in fleet.pages(connections.particle().customers, str):
        yield from names


def _registered_users() -> list[Any]:
    """All users who signed up for good."""
    from firebase_admin import auth  # noqa: PLC0415 - as above

    from shared import connections  # noqa: PLC0415 - as above

    everybody = track(auth.list_users(app=connections.firebase()).iterate_all(), "Reading users")
    return [user for user in everybody if user.provider_data]
