"""`devices mismatches`: devices with another owner at Particle than here."""

from typing import Annotated, Any

import typer

from admin.audit import operation
from admin.connection import connected
from admin.output import answer, table
from admin.progress import track
from admin.target import Target


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
        from admin import at_particle  # noqa: PLC0415
        from admin.device_report import agrees  # noqa: PLC0415 - as above

        found = [
            _described(device, entry) | (_repaired(target, device, entry) if repair else _LEFT)
            for device, entry in track(at_particle.registered(), "Devices", at_particle.number())
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


def _described(device: Any, entry: dict[str, Any]) -> dict[str, Any]:
    from shared import access, customers  # noqa: PLC0415 - as above

    uid = entry.get("ownerUid")
    expected = customers.known_identity(uid) if uid and access.mode().has_customers else None
    return {
        "deviceId": device.id,
        "serialNumber": entry.get("serialNumber"),
        "ownerUid": uid,
        "ownerAtParticleExpected": expected,
        "ownerAtParticle": device.owner,
    }


def _repaired(target: Target, device: Any, entry: dict[str, Any]) -> dict[str, Any]:
    """Make Particle's owner what the registry says, or say why that cannot be."""
    from admin.failures import FAILURES  # noqa: PLC0415 - as above
    from shared import access, operations, releasing  # noqa: PLC0415 - as above

    uid = entry.get("ownerUid")
    done = operation(target, "owner-at-particle-repaired")
    try:
        if uid:
            access.mode().prepare(uid)
            access.mode().claim(uid, device)
        else:
            releasing.release_at_particle(device.id)
    except FAILURES as failure:
        return {"repaired": False, "error": str(failure)}
    operations.record(done, device_id=device.id, uid=uid, formerOwnerAtParticle=device.owner)
    return {"repaired": True, "error": None}
