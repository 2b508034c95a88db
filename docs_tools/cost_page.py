"""Writes the computed part of `docs/cost.md`, and the same table for any fleet."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from docs_tools.cost import Fleet, Price, costs, quantities, read_prices
from docs_tools.pages import DOCS

PAGE: Final = DOCS / "cost.md"
FLEETS: Final = (1000, 10_000, 100_000)

_COMPUTED: Final = re.compile(r"(?<=<!-- computed -->\n).*(?=<!-- /computed -->)", re.DOTALL)
_GIB: Final = 2**30
_IN_GIB: Final = {"storage", "recovery", "backups", "egress", "pubsub"}


def page() -> str:
    """The page with its computed part up to date."""
    prices = read_prices()
    fleets = [Fleet(devices=devices) for devices in FLEETS]
    parts = [
        "## A month, by the size of the fleet",
        table(fleets, prices),
        "## What is assumed of the fleet",
        _habits(Fleet()),
        "## What changes it most",
        _variants(prices),
        "## The prices",
        _prices(prices),
    ]
    computed = "\n" + "\n\n".join(parts) + "\n\n"
    return _COMPUTED.sub(lambda _: computed, PAGE.read_text(encoding="utf-8"))


def write() -> list[Path]:
    """Write the page; return it if it changed."""
    text = page()
    if text == PAGE.read_text(encoding="utf-8"):
        return []
    PAGE.write_text(text, encoding="utf-8")
    return [PAGE]


def table(fleets: Sequence[Fleet], prices: Mapping[str, Price]) -> str:
    """Quantities and US dollars for a month, with a column for each fleet."""
    used = [quantities(fleet) for fleet in fleets]
    paid = [costs(one, prices) for one in used]
    rows = [
        [price.name, *(f"{_amount(key, u[key])}: ${p[key]:,.2f}" for u, p in both)]
        for key, price in prices.items()
        for both in [list(zip(used, paid, strict=True))]
    ]
    google = [sum(usd for key, usd in p.items() if key != "blocks") for p in paid]
    rows += [
        ["**Google, in all**", *(f"**${usd:,.2f}**" for usd in google)],
        [
            "**Google, for each device**",
            *(f"**${usd / f.devices:.3f}**" for usd, f in zip(google, fleets, strict=True)),
        ],
    ]
    return _markdown(["", *(f"{fleet.devices:,} devices" for fleet in fleets)], rows)


def _habits(fleet: Fleet) -> str:
    rows = [
        ["events of a device", f"{fleet.events_per_hour:g} an hour, {fleet.event_bytes} bytes"],
        ["their names", f"{fleet.event_names}, with numbers"],
        ["Particle's own events", f"{fleet.system_events_per_day:g} a day"],
        ["sessions", f"{fleet.status_events_per_day:g} changes of presence a day"],
        ["devices of a customer", f"{fleet.devices_per_customer:g}"],
        [
            "use of the app",
            (
                f"{fleet.openings_per_day:g} opening a day, {fleet.minutes_watched:g} minutes at "
                "a device's page"
            ),
        ],
        ["commands to a device", f"{fleet.commands_per_day:g} a day"],
        [
            "kept",
            (
                f"events {fleet.retention_days} days, rollups {fleet.rollup_retention_days}, "
                f"commands and activity {fleet.command_retention_days}; the fleet is as old as that"
            ),
        ],
    ]
    return _markdown(["", ""], rows, numbers=False)


def _variants(prices: Mapping[str, Price]) -> str:
    """The fleet of medium size, with one habit changed in each row."""
    usual = Fleet(devices=FLEETS[1])
    variants = {
        "as above": usual,
        "an event every minute": replace(usual, events_per_hour=60),
        "an event every hour": replace(usual, events_per_hour=1),
        "events kept for a year": replace(usual, retention_days=365),
        "the app opened ten times a day": replace(usual, openings_per_day=10),
        "10 alerts a device, one of which begins or ends each day": replace(
            usual, alerts=10, alert_transitions_per_day=1
        ),
        "a dashboard that is open all day": replace(usual, minutes_watched=1440),
    }
    rows = []
    for name, fleet in variants.items():
        used = quantities(fleet)
        paid = costs(used, prices)
        google = sum(usd for key, usd in paid.items() if key != "blocks")
        rows.append([name, f"${google:,.0f}", f"{used['blocks']:,.0f}"])
    header = [f"{usual.devices:,} devices", "Google, a month", "blocks at Particle"]
    return _markdown(header, rows)


def _prices(prices: Mapping[str, Price]) -> str:
    rows = [
        [
            price.name,
            f"${_plain(price.usd)} for {_of(key, price.per)}",
            _of(key, price.free) if price.free else "",
            f"[{'confirmed' if price.confirmed else '**not confirmed**'}, {price.seen}]"
            f"({price.source})" + (f": {price.note}" if price.note else ""),
        ]
        for key, price in prices.items()
    ]
    return _markdown(["", "Price", "Free in a month", "Seen"], rows, numbers=False)


def _amount(key: str, quantity: float) -> str:
    return _of(key, quantity) if key in _IN_GIB else f"{quantity:,.0f}"


def _of(key: str, quantity: float) -> str:
    return f"{quantity / _GIB:,.1f} GiB" if key in _IN_GIB else f"{quantity:,.0f}"


def _plain(usd: float) -> str:
    """A price without an exponent, and with at least its cents."""
    text = f"{usd:.7f}".rstrip("0").rstrip(".")
    return f"{usd:.2f}" if len(text) < len("0.00") else text


def _markdown(header: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: bool = True) -> str:
    rule = ["---", *["---:" if numbers else "---"] * (len(header) - 1)]
    return "\n".join("| " + " | ".join(line) + " |" for line in [header, rule, *rows])
