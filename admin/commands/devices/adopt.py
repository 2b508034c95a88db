"""`devices adopt`: claims at Particle that are older than this product."""

from typing import Annotated, Any

import typer

from admin.cli.arguments import DryRun
from admin.cli.confirm import Yes, confirm
from admin.cli.connection import connected
from admin.cli.errors import CannotRun
from admin.cli.operation import operation
from admin.cli.output import answer, json_chosen
from admin.cli.progress import track
from admin.particle import fleet
from shared import errors
from shared.audit import Operation
from shared.claims import at_particle
from shared.firestore import paths
from shared.particle import Device
from shared.registry import ownership
from shared.registry.entry import Entry

_SHOWN = 20
"""Devices left alone that are named before the rest is only counted."""


def adopt(
    context: typer.Context,
    *,
    from_particle: Annotated[
        bool, typer.Option("--from-particle", help="Take over the claims that Particle knows.")
    ] = False,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Take over claims that exist at Particle.

    For a product that had customers before. A customer whom `users adopt` has bound becomes the
    owner of each imported device that they claimed at Particle, unless it has an owner here. Run it
    before their apps get tokens: with a token, a customer can claim at Particle any device that has
    no owner there. Can be repeated.

    Exit status: 0 done, 1 some devices were changing hands, 2 the command could not run.

    Example: devices adopt --from-particle --dry-run
    """
    if not from_particle:
        raise CannotRun("Add --from-particle: there is no other source")
    adopted = 0
    strangers: list[dict[str, Any]] = []
    changing: list[str] = []
    with connected(context, to_particle=True) as target:
        confirm(
            "Make the owners at Particle whom `users adopt` has bound the owners here of devices "
            "that have none? --dry-run counts them",
            yes=yes or dry_run,
        )
        done = operation(target, "claim-adopted")
        devices = track(fleet.registered(), "Devices", fleet.registered_count())
        for device, entry in devices:
            if entry.owner_uid is not None or device.owner is None or entry.blocked:
                continue
            bound = paths.shadow_customer(device.owner).get().to_dict() or {}
            if not bound.get("adopted"):
                strangers.append(
                    {
                        "deviceId": device.id,
                        "serialNumber": entry.serial_number or None,
                        "ownerAtParticle": device.owner,
                    }
                )
                continue
            try:
                if _adopt(bound["uid"], device, None if dry_run else done):
                    adopted += 1
            except (*ownership.OVERTAKEN, errors.InProgress):
                typer.echo(f"{device.id}: changing hands", err=True)
                changing.append(device.id)
    _answer(adopted, strangers, changing, dry_run=dry_run)
    if changing:
        raise typer.Exit(1)


def _answer(
    adopted: int, strangers: list[dict[str, Any]], changing: list[str], *, dry_run: bool
) -> None:
    answer(
        {
            "adopted": adopted,
            "ownedByStrangers": len(strangers),
            "leftAlone": strangers,
            "changingHands": changing,
            "dryRun": dry_run,
        },
        f"{'would adopt' if dry_run else 'adopted'} {adopted}; owned at Particle by customers who "
        f"were not adopted: {len(strangers)}",
    )
    if not json_chosen():
        for one in strangers[:_SHOWN]:
            name = one["serialNumber"] or one["deviceId"]
            typer.echo(f"left alone: {name}, which {one['ownerAtParticle']} has", err=True)
        if len(strangers) > _SHOWN:
            typer.echo(f"left alone: {len(strangers) - _SHOWN} more (--json lists all)", err=True)


def _adopt(uid: str, device: Device, done: Operation | None) -> bool:
    """Make the user the owner of a device that nobody has claimed since it was listed.

    Without an operation it only says whether it would. Raises `InProgress` and Firestore's refusal
    when a customer is claiming it.
    """
    entry = Entry.read(device.id)
    if entry.owner_uid is not None or entry.is_awaited:
        return False
    entry.refuse_while_reserved()
    now = at_particle.in_product(device.id)
    if now.owner != device.owner:
        return False
    if paths.deleted_user(uid).get([]).exists:
        return False
    if done:
        ownership.give(uid, entry, now, now.name, done)
    return True
