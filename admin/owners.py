"""`devices release, block, unblock, reassign, mismatches, adopt`: whose devices are."""

from typing import Annotated, Any

import typer

from admin.errors import CannotRun, explained
from admin.particle import device_named, operator, use_particle, user_named

Device = Annotated[str, typer.Argument(help="Serial number or device id.")]
Reason = Annotated[str, typer.Option(help="Why; it stands in the device's log.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Tell what would be done; do nothing.")]


def register(devices: typer.Typer) -> None:
    """Add the commands to the group `devices`."""
    for command in (release, block, unblock, reassign, mismatches, adopt):
        devices.command()(command)


def release(
    context: typer.Context,
    *,
    device: Device,
    reason: Reason,
    keep_history: Annotated[
        bool, typer.Option("--keep-history", help="The owner keeps what it has published.")
    ] = False,
) -> None:
    """Take a device from its owner, here and at Particle."""
    from shared import releasing  # noqa: PLC0415 - a second that --help need not wait

    with explained_here(context):
        device_id = device_named(device)
        owner = _owner(device_id)
        if owner is None:
            typer.echo("Nobody owns it")
            return
        note = operator("released", reason)
        releasing.release(owner, device_id, keep_history=keep_history, operator=note)
    typer.echo(f"Released from {owner}")


def block(context: typer.Context, *, device: Device, reason: Reason) -> None:
    """Let nobody claim a device; who owns it keeps it (see release)."""
    with explained_here(context):
        _set_blocked(device_named(device), blocked=True, reason=reason)
    typer.echo("Blocked")


def unblock(context: typer.Context, *, device: Device, reason: Reason) -> None:
    """Let a blocked device be claimed again."""
    with explained_here(context):
        _set_blocked(device_named(device), blocked=False, reason=reason)
    typer.echo("Not blocked any more")


def reassign(
    context: typer.Context,
    *,
    device: Device,
    to: Annotated[str, typer.Option(help="The new owner's e-mail address or uid.")],
    reason: Reason,
) -> None:
    """Give a device to another customer, who starts with an empty history."""
    from shared import claiming, releasing  # noqa: PLC0415 - as above

    with explained_here(context):
        device_id, uid = device_named(device), user_named(to)
        owner = _owner(device_id)
        if owner == uid:
            typer.echo("It is theirs already")
            return
        note = operator("reassigned", reason)
        if owner is not None:
            releasing.release(owner, device_id, keep_history=False, operator=note)
        claiming.assign(uid, device_id, note)
    typer.echo(f"Now owned by {uid}" + (f", before by {owner}" if owner else ""))


def mismatches(
    context: typer.Context,
    *,
    repair: Annotated[
        bool, typer.Option("--repair", help="Make Particle's owner what the registry says.")
    ] = False,
) -> None:
    """List devices with another owner at Particle than here. Exit status 1 if some are left."""
    from shared import access, customers  # noqa: PLC0415 - as above

    left = 0
    with explained_here(context):
        for device, entry in _registered():
            uid = entry.get("ownerUid")
            if entry.get("awaitedBy") and uid is None:
                continue  # a claim code is out: Particle may be ahead
            mode = access.mode()
            if mode.owns(uid, device) if uid else device.owner is None:
                continue
            here = (customers.known_identity(uid) if mode.has_customers else uid) if uid else None
            typer.echo(f"{device.id}  here {here or 'nobody'}  at Particle {device.owner or '-'}")
            if not repair:
                left += 1
            elif uid:
                mode.prepare(uid)
                mode.claim(uid, device)
            else:
                _release_at_particle(device.id)
    typer.echo("No mismatches" if not left else f"{left} mismatches; --repair mends them")
    if left:
        raise typer.Exit(1)


def adopt(
    context: typer.Context,
    *,
    from_particle: Annotated[
        bool, typer.Option("--from-particle", help="By the claims that exist at Particle.")
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """Make customers the owners of what they have claimed at Particle before this product came.

    For imported devices that nobody owns here, whose owner at Particle is a user's customer (users
    adopt). Can be repeated: what is done is skipped.
    """
    from shared import ownership, store  # noqa: PLC0415 - as above

    if not from_particle:
        raise CannotRun("Say --from-particle: there is no other source")
    adopted = unknown = 0
    with explained_here(context):
        for device, entry in _registered():
            if entry.get("ownerUid") is not None or device.owner is None or entry.get("blocked"):
                continue
            bound = store.shadow_customer(device.owner).get().to_dict() or {}
            if "uid" not in bound:
                unknown += 1
                continue
            adopted += 1
            if not dry_run:
                current = store.device(device.id).get()
                if current.get("ownerUid") is None:
                    ownership.give(bound["uid"], current, current.update_time, device, None)
    typer.echo(
        f"{'would adopt' if dry_run else 'adopted'} {adopted}; owned at Particle by customers of "
        f"nobody here: {unknown}"
    )


def _registered() -> Any:
    """The product's devices at Particle that are registered here, each with its entry."""
    from shared import cloud, store  # noqa: PLC0415 - as above

    page = 1
    while devices := cloud.particle().devices(cloud.tokens().server, page):
        references = [store.device(device.id) for device in devices]
        found = {s.id: s.to_dict() for s in store.client().get_all(references)}
        yield from ((d, entry) for d in devices if (entry := found[d.id]) is not None)
        page += 1


def _owner(device_id: str) -> str | None:
    from shared import store  # noqa: PLC0415 - as above

    owner: str | None = store.device(device_id).get().get("ownerUid")
    return owner


def _release_at_particle(device_id: str) -> None:
    from shared import releasing  # noqa: PLC0415 - as above

    releasing.release_at_particle(device_id)


def _set_blocked(device_id: str, *, blocked: bool, reason: str) -> None:
    from shared import ownership, store  # noqa: PLC0415 - as above

    batch = store.client().batch()
    batch.update(store.device(device_id), {"blocked": blocked})
    note = operator("blocked" if blocked else "unblocked", reason)
    ownership.note_in_device_log(batch, device_id, note)
    batch.commit()


def explained_here(context: typer.Context) -> Any:
    """Connect, and explain what goes wrong."""
    from admin.failures import told  # noqa: PLC0415 - as above

    target = use_particle(context)
    return told(explained(target.project))
