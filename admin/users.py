"""`users`: customers from before this product came."""

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track

from admin.owners import DryRun, explained_here

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Customers.")


@app.callback()
def users() -> None:
    """Make `users` a group."""


@app.command()
def backfill(context: typer.Context, *, dry_run: DryRun = False) -> None:
    """Make the shadow customers of users who signed up before this product was installed.

    Can be stopped and run again: who has one is skipped. Anonymous users get none. Exit status: 0
    all have one, 1 some could not get one, 2 the command could not run.
    """
    from shared import access, errors, store  # noqa: PLC0415 - a second that --help need not wait

    made = ready = failed = 0
    with explained_here(context):
        for user in _shown(_registered_users()):
            profile = store.user(user.uid).get().to_dict() or {}
            if profile.get("particle", {}).get("status") == "ready":
                ready += 1
                continue
            if not dry_run:
                try:
                    access.mode().prepare(user.uid)
                except (errors.CustomerNotReady, errors.EmailUnverified) as refusal:
                    typer.echo(f"{user.uid}: {refusal.reason}", err=True)
                    failed += 1
                    continue
            made += 1
    typer.echo(f"{'would make' if dry_run else 'made'} {made}, ready {ready}, refused {failed}")
    if failed:
        raise typer.Exit(1)


@app.command()
def adopt(
    context: typer.Context,
    *,
    dry_run: DryRun = False,
    unverified: Annotated[
        bool, typer.Option("--unverified", help="Also users whose address is not verified.")
    ] = False,
) -> None:
    """Bind users to customers at Particle who bear their verified e-mail address.

    For a product that had customers before. Can be repeated. Particle lists only customers who own
    a device. Users who are bound already stay as they are.
    """
    from shared import cloud, customers  # noqa: PLC0415 - as above

    bound = skipped = 0
    with explained_here(context):
        addresses = {
            str(user.email).lower(): user.uid
            for user in _registered_users()
            if user.email and (user.email_verified or unverified)
        }
        page = 1
        seen: set[str] = set()
        # No source says that Particle counts the pages of this list: stop when one repeats.
        while (
            names := cloud.particle().customers(cloud.tokens().server, page)
        ) and seen.isdisjoint(names):
            seen.update(names)
            for name in names:
                uid = addresses.get(name)
                if uid is None or not (dry_run or customers.adopt(uid, name)):
                    skipped += 1
                    continue
                bound += 1
            page += 1
    typer.echo(f"{'would bind' if dry_run else 'bound'} {bound}, left alone {skipped}")


def _registered_users() -> list[Any]:
    """All users who signed up for good."""
    from firebase_admin import auth  # noqa: PLC0415 - as above

    from shared import cloud  # noqa: PLC0415 - as above

    everybody = auth.list_users(app=cloud.firebase()).iterate_all()
    return [user for user in everybody if user.provider_data]


def _shown(users: list[Any]) -> Any:
    """With a progress bar where somebody watches."""
    console = Console(stderr=True)
    return track(users, "Users", console=console, disable=not console.is_terminal)
