"""`python -m docs_tools`: writes the pages that are computed, and computes for you."""

from pathlib import Path
from typing import Annotated

import typer

from docs_tools import cost_page, function_pages, site, try_page
from docs_tools.cost import PRICES, Fleet, read_prices
from docs_tools.pages import DOCS
from local.errors import StackError
from local.runs import ROOT
from local.signals import Stopped

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None, help=__doc__)


@app.callback()
def choose() -> None:
    """One of the commands below."""


@app.command("site")
def site_() -> None:
    """Build the pages as a site into .local/site/."""
    try:
        front = site.build()
    except StackError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    typer.echo(f"Open {front.relative_to(ROOT)}")


@app.command()
def pages() -> None:
    """Write the pages that are computed: docs/functions/ and the tables of docs/cost.md."""
    for page in [*function_pages.write(), *cost_page.write()]:
        typer.echo(page.relative_to(ROOT))


@app.command("cost")
def cost_(
    *,
    devices: Annotated[int, typer.Option(min=1)] = Fleet.devices,
    events_per_hour: Annotated[
        float, typer.Option(min=0, help="Of one device.")
    ] = Fleet.events_per_hour,
    event_bytes: Annotated[int, typer.Option(min=1, help="Of its data.")] = Fleet.event_bytes,
    devices_per_customer: Annotated[float, typer.Option(min=1)] = Fleet.devices_per_customer,
    openings_per_day: Annotated[
        float, typer.Option(min=0, help="Of the app, by one customer.")
    ] = Fleet.openings_per_day,
    minutes_watched: Annotated[
        float, typer.Option(min=0, help="At a device's page, each time.")
    ] = Fleet.minutes_watched,
    commands_per_day: Annotated[
        float, typer.Option(min=0, help="To one device.")
    ] = Fleet.commands_per_day,
    retention_days: Annotated[int, typer.Option(min=1)] = Fleet.retention_days,
    prices: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="In the form of this file.")
    ] = PRICES,
) -> None:
    """What a fleet costs in a month; docs/cost.md says what it stands on."""
    fleet = Fleet(
        devices=devices,
        events_per_hour=events_per_hour,
        event_bytes=event_bytes,
        devices_per_customer=devices_per_customer,
        openings_per_day=openings_per_day,
        minutes_watched=minutes_watched,
        commands_per_day=commands_per_day,
        retention_days=retention_days,
    )
    typer.echo(cost_page.table([fleet], read_prices(prices)))


@app.command("try")
def try_(
    *,
    free_ports: Annotated[
        bool, typer.Option("--free-ports", help="Beside a demo that runs already.")
    ] = False,
) -> None:
    """Do what docs/getting-started.md says, in a fresh clone of what is committed, and time it."""
    try:
        try_page.try_in_fresh_clone(DOCS / "getting-started.md", free_ports=free_ports)
    except Stopped:
        raise typer.Exit(1) from None
    except (try_page.PageError, StackError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


if __name__ == "__main__":
    app(prog_name="python -m docs_tools")
