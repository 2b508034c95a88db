"""`python -m docs_tools`: builds the site, writes the generated pages, and estimates costs."""

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
    """Write the generated pages: docs/functions/ and the tables of docs/cost.md."""
    for page in [*function_pages.write(), *cost_page.write()]:
        typer.echo(page.relative_to(ROOT))


@app.command("cost")
def cost_(
    *,
    devices: Annotated[int, typer.Option(min=1)] = Fleet.devices,
    events_per_hour: Annotated[
        float, typer.Option(min=0, help="Events of one device.")
    ] = Fleet.events_per_hour,
    event_bytes: Annotated[
        int, typer.Option(min=1, help="Size of an event's data.")
    ] = Fleet.event_bytes,
    devices_per_customer: Annotated[float, typer.Option(min=1)] = Fleet.devices_per_customer,
    openings_per_day: Annotated[
        float, typer.Option(min=0, help="How often a customer opens the app.")
    ] = Fleet.openings_per_day,
    minutes_watched: Annotated[
        float, typer.Option(min=0, help="On a device's page, each time.")
    ] = Fleet.minutes_watched,
    commands_per_day: Annotated[
        float, typer.Option(min=0, help="Function calls of one device.")
    ] = Fleet.commands_per_day,
    retention_days: Annotated[int, typer.Option(min=1)] = Fleet.retention_days,
    prices: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="Prices, in the format of this file.")
    ] = PRICES,
) -> None:
    """Estimate what a fleet costs in a month; docs/cost.md explains the assumptions."""
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
        bool, typer.Option("--free-ports", help="Use other ports, beside a running demo.")
    ] = False,
) -> None:
    """Run docs/getting-started.md in a fresh clone of the latest commit, and time it."""
    try:
        try_page.try_in_fresh_clone(DOCS / "getting-started.md", free_ports=free_ports)
    except Stopped:
        raise typer.Exit(1) from None
    except (try_page.PageError, StackError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


if __name__ == "__main__":
    app(prog_name="python -m docs_tools")
