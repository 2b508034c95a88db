"""The cost model uses the project's own counts, and the page has its results."""

import dataclasses
import json
import re

import pytest

from docs_tools import cost, cost_page
from docs_tools.cost import Fleet, costs, quantities, read_prices
from docs_tools.pages import DOCS
from shared import settings
from shared.telemetry import presence


def test_the_page_is_as_it_would_be_written_now() -> None:
    written = cost_page.PAGE.read_text(encoding="utf-8")
    assert written == cost_page.page(), "run: venv/bin/python -m docs_tools pages"


def test_a_fleet_computed_by_hand() -> None:
    fleet = Fleet(
        devices=100,
        events_per_hour=10,
        event_bytes=1500,
        event_names=1,
        system_events_per_day=0,
        status_events_per_day=0,
        openings_per_day=0,
        commands_per_day=1,
        retention_days=10,
        rollup_retention_days=0,
        command_retention_days=20,
    )
    used = quantities(fleet)
    events = 100 * 10 * 24 * 30
    assert used["writes"] == 3 * events + 6 * 100 * 30
    assert used["reads"] == 0
    assert used["ttl_deletes"] == events + 2 * 100 * 30 + 2 * 100 * 30
    assert used["pubsub"] == 2 * events * 1800
    assert used["storage"] == 100 * (240 * 10 * (420 + 620 + 3000) + 20 * (570 + 5250))
    # Two operations for 1500 bytes, one for a call: 1.443 million are three blocks.
    assert used["blocks"] == 3
    assert used["requests"] == events + 100 * 30 + (2 * 12 + 60) * 24 * 30


def test_what_is_free_costs_nothing_and_what_is_above_it_its_price() -> None:
    price = read_prices()["writes"]
    assert price.of(600_000) == 0
    assert price.of(700_000) == pytest.approx(0.09)


@pytest.mark.parametrize(
    "more",
    [
        {"devices": 2000},
        {"events_per_hour": 12},
        {"openings_per_day": 5},
        {"minutes_watched": 60},
        {"commands_per_day": 50},
        {"retention_days": 365},
        {"command_retention_days": 4000},
        {"event_bytes": 5000},
    ],
    ids=lambda more: next(iter(more)),
)
def test_more_never_costs_less(more: dict[str, int]) -> None:
    prices = read_prices()
    usual = costs(quantities(Fleet()), prices)
    changed = costs(quantities(dataclasses.replace(Fleet(), **more)), prices)
    assert all(changed[key] >= usual[key] for key in prices)
    assert sum(changed.values()) > sum(usual.values())


def test_a_busy_instance_is_not_billed_twice_for_the_same_second() -> None:
    seconds = {rate: quantities(Fleet(devices=rate, commands_per_day=0)) for rate in (1, 10**6)}
    few, many = (used["cpu"] for used in seconds.values())
    events = 1 * (6 * 24 + 26) * 30
    assert few == pytest.approx(events * cost.BILLED_STEP, rel=0.01)
    assert many == pytest.approx(10**6 * events / cost.EVENTS_PER_SECOND)


def numbers(page: str, pattern: str) -> list[float]:
    found = re.findall(pattern, (DOCS / page).read_text(encoding="utf-8"))
    assert found, f"{page}: {pattern}"
    return [float(number) for number in found]


def test_writes_of_an_event_are_those_of_the_benchmarks() -> None:
    # Columns of "Firestore's share of an event": round trips, reads, writes, two of memory.
    row = r"\| ingest +\| [\d.]+ +\| [\d.]+ +\| ([\d.]+) +\| \d+ +\| \d+ +\|\n"
    assert set(numbers("benchmarks.md", row)) == {cost.WRITES_PER_EVENT}


def test_reads_of_a_page_are_those_of_the_web_app() -> None:
    read = [
        numbers("web.md", pattern)[0]
        for pattern in (
            r"its (\d+) newest events",
            r", (\d+) newest commands",
            r"and (\d+) newest activities",
            r"and (\d+) rollups",
        )
    ]
    assert sum(read) == cost.PAGE_READS


def test_the_numbers_are_those_of_the_code() -> None:
    assert presence.HISTORY == cost.STATUS_READS
    assert settings.INGEST_OPTIONS["memory"] == cost.MEMORY_GIB * 1024
    env = (DOCS.parent / ".env").read_text(encoding="utf-8")
    assert f"ROLLUP_RETENTION_DAYS={Fleet().rollup_retention_days}\n" in env
    assert f"COMMAND_RETENTION_DAYS={Fleet().command_retention_days}\n" in env
    assert f"ACTIVITY_RETENTION_DAYS={Fleet().command_retention_days}\n" in env
    assert Fleet().retention_days == 90
    script = (DOCS.parent / "deploy/project.sh").read_text(encoding="utf-8")
    assert f"--recurrence=daily \\\n      --retention={cost.BACKUPS}d" in script
    alerts = (DOCS.parent / "deploy/monitoring/alerts").glob("*.json")
    conditions = sum(len(json.loads(path.read_text())["conditions"]) for path in alerts)
    assert f"{conditions} conditions here" in (DOCS / "cost.md").read_text(encoding="utf-8")
