"""What deploy.sh gives to Cloud Monitoring is well-formed, and matches what the functions log."""

import inspect
import json
import re
from pathlib import Path
from typing import Any

import pytest
from google.cloud.logging_v2.types import LogMetric
from google.cloud.monitoring_v3.types import AlertPolicy

from local.runs import ROOT
from shared import log

MONITORING = ROOT / "deploy" / "monitoring"
METRICS = sorted((MONITORING / "metrics").glob("*.json"))
ALERTS = sorted((MONITORING / "alerts").glob("*.json"))

EVENTS = {
    name.replace("_", "-")
    for name, function in inspect.getmembers(log, inspect.isfunction)
    if f'"{name.replace("_", "-")}"' in inspect.getsource(function)
}


def metric(path: Path) -> Any:
    return LogMetric.from_json(path.read_text())


def alert(path: Path) -> Any:
    return AlertPolicy.from_json(path.read_text())


@pytest.mark.parametrize("path", METRICS, ids=lambda path: path.stem)
def test_a_metric_counts_lines_that_are_logged(path: Path) -> None:
    found = metric(path)
    assert found.name == path.stem
    events = set(re.findall(r'"([a-z]+(?:-[a-z]+)+)"', found.filter))
    assert events, found.filter
    assert events <= EVENTS


@pytest.mark.parametrize("path", ALERTS, ids=lambda path: path.stem)
def test_an_alarm_watches_what_there_is(path: Path) -> None:
    found = alert(path)
    assert found.display_name
    assert found.documentation.content
    metrics = {metric.stem for metric in METRICS}
    for condition in found.conditions:
        kind = condition.condition_threshold or condition.condition_absent
        watched = re.findall(r"logging\.googleapis\.com/user/(\w+)", kind.filter)
        assert set(watched) <= metrics
        assert kind.aggregations
        assert 'resource.type="' in kind.filter
        labelled = re.findall(r'metric\.label\.event!?="([^"]+)"', kind.filter)
        for event in labelled:
            assert event in metric(MONITORING / "metrics" / f"{watched[0]}.json").filter


def test_every_metric_has_an_alarm() -> None:
    alerts = "".join(path.read_text() for path in ALERTS)
    for path in METRICS:
        assert f"logging.googleapis.com/user/{path.stem}\\" in alerts


def test_alarms_are_told_apart_by_name() -> None:
    names = [json.loads(path.read_text())["displayName"] for path in ALERTS]
    assert len(set(names)) == len(names) == 9
