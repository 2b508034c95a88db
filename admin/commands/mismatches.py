"""`devices mismatches`: devices with another owner at Particle than here."""

from typing import Annotated, Any

import typer

from admin.cli.connection import connected
from admin.cli.output import answer, table
from admin.cli.progress import track
from admin.cli.target import Target
from admin.commands.audit import operation


def mismatches(
    context: typer.Context,
    *,
    repair: Annotated[
        bool, typer.Option("--repair", help="Make Particle's owner what the registry says.")
    ] = False,
) -> None:
    """List devices with another owner at Particle than here. Exit status 1 if some are left."""
    with connected(context, to_particle=True) as target:
        # Not at the top: it imports Firestore's client, a second that --help need not wait.
        from admin.particle import fleet  # noqa: PLC0415
        from admin.support.device_report import agrees  # noqa: PLC0415 - as above

        found = [
            _described(device, entry) | (_repaired(target, device) if repair else _LEFT)
            for device, entry in track(fleet.registered(), "Devices", fleet.number())
            if not agrees(device, entry)
        ]
    left = [one for one in found if not one["repaired"]]

    def people() -> None:
        if found:
            table(("DEVICE", "HERE", "AT PARTICLE", "REPAIRED", "WHY NOT"), map(_line, found))
        if not left:
            typer.echo(f"Repaired {len(found)}" if found else "No mismatches")
        elif repair:
            typer.echo(f"{len(left)} mismatches could not be repaired", err=True)
        else:
            typer.echo(f"{len(left)} mismatches; --repair mends them", err=True)

    answer(found, people)
    if left:
        raise typer.Exit(1)


_LEFT = {"repaired": False, "error": None}


def _line(one: dict[str, Any]) -> list[Any]:
    here = one["ownerAtParticleExpected"] or one["ownerUid"] or "nobody"
    return [one["deviceId"], here, one["ownerAtParticle"], one["repaired"], one["error"]]


def _described(device: Any, entry: Any) -> dict[str, Any]:
    from shared.customers import shadow  # noqa: PLC0415 - as above

    uid = entry.owner_uid
    expected = shadow.known_name(uid) if uid and shadow.customers_exist() else None
    return {
        "deviceId": device.id,
        "serialNumber": entry.serial_number or None,
        "ownerUid": uid,
        "ownerAtParticleExpected": expected,
        "ownerAtParticle": device.owner,
    }


def _repaired(target: Target, device: Any) -> dict[str, Any]:
    """Make Particle's owner what the registry says, or say why that cannot be.

    What it says now: the page that the device was listed on may be old.
    """
    from admin.cli.failures import FAILURES  # noqa: PLC0415 - as above
    from admin.support.device_report import agrees  # noqa: PLC0415 - as above
    from shared import audit  # noqa: PLC0415
    from shared.claims import at_particle  # noqa: PLC0415
    from shared.registry import ownership  # noqa: PLC0415 - as above
    from shared.registry.entry import Entry  # noqa: PLC0415

    try:
        entry = Entry.read(device.id)
        if agrees(at_particle.in_product(device.id), entry):
            return {"repaired": True, "error": None}
        at_particle.put_right(entry, _HOLDER)
    except FAILURES as failure:
        return {"repaired": False, "error": str(failure)}
    except ownership.OVERTAKEN:
        return {"repaired": False, "error": "It is changing hands. Run it again."}
    done = operation(target, "owner-at-particle-repaired")
    former = device.owner
    audit.record(done, device_id=device.id, uid=entry.owner_uid, formerOwnerAtParticle=former)
    return {"repaired": True, "error": None}


_HOLDER = "devices mismatches"
"""Of the reservation under which a device is repaired."""
