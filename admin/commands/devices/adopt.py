"""`devices adopt`: claims at Particle that are older than this product."""

from typing import Annotated

import typer

from admin.cli.arguments import DryRun
from admin.cli.connection import connected
from admin.cli.errors import CannotRun
from admin.cli.operation import operation
from admin.cli.output import answer
from admin.cli.progress import track
from admin.particle import fleet
from shared import errors
from shared.audit import Operation
from shared.claims import at_particle
from shared.firestore import paths
from shared.particle import Device
from shared.registry import ownership
from shared.registry.entry import Entry


def adopt(
    context: typer.Context,
    *,
    from_particle: Annotated[
        bool, typer.Option("--from-particle", help="Take over the claims that Particle knows.")
    ] = False,
    dry_run: DryRun = False,
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
    adopted = unknown = 0
    changing: list[str] = []
    with connected(context, to_particle=True) as target:
        done = operation(target, "claim-adopted")
        devices = track(fleet.registered(), "Devices", fleet.registered_count())
        for device, entry in devices:
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


def _adopt(uid: str, device: Device, done: Operation) -> bool:
    """Make the user the owner of a device that nobody has claimed since it was listed.

    Raises `InProgress` and Firestore's refusal when a customer is claiming it.
    """
    entry = Entry.read(device.id)
    if entry.owner_uid is not None or entry.is_awaited:
        return False
    entry.refuse_while_reserved()
    now = at_particle.in_product(device.id)
    if now.owner != device.owner:
        return False
    ownership.give(uid, entry, now, now.name, done)
    return True
