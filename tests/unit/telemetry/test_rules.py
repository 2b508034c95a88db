"""`telemetry.json`: read strictly, and what is wrong with it is said with its line."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import main
from shared.settings import SettingMissingError
from shared.telemetry import rules
from shared.telemetry.rules import Rule, Spreading, part


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    def content(text: str) -> None:
        file = tmp_path / "telemetry.json"
        file.write_text(text)
        monkeypatch.setattr(rules, "FILE", file)
        rules.all_rules.cache_clear()

    yield content
    rules.all_rules.cache_clear()


def test_the_file_is_beside_main() -> None:
    assert Path(main.__file__).with_name("telemetry.json") == rules.FILE


def test_without_a_file_there_are_no_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "FILE", tmp_path / "telemetry.json")
    rules.all_rules.cache_clear()
    assert rules.of("anything") == Rule()
    rules.all_rules.cache_clear()


def test_an_events_own_rule_takes_precedence(write: Callable[[str], None]) -> None:
    write("""{
      "identity": "req_id",
      "events": {
        "log/batch": {"samples": {"list": "readings", "time": "ts", "unit": "s"}},
        "log/series": {"identity": ["boot", "seq"]},
        "alarm": {"identity": null}
      }
    }""")
    samples = Spreading(lists="readings", time="ts", unit="s")
    assert rules.of("log/batch") == Rule(("req_id",), samples)
    assert rules.of("log/series") == Rule(("boot", "seq"))
    assert rules.of("alarm") == Rule()
    assert rules.of("anything") == Rule(("req_id",))


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("{", 1, "truncated"),
        ('{\n"identity": "x",\n}', 3, "trailing comma"),
        ('{\n"identity": 7}', 2, "identity: Expected `str"),
        ('{\n\n"identify": "x"}', 3, "unknown field `identify`"),
        ("[]", 1, "Expected `object`"),
        ('{"events": {"a": {},\n"b/c": {"identity": [1]}}}', 2, "events > b/c > identity > 0"),
        ('{"events": {"a": {},\n"b": {\n"sample": {}}}}', 3, "unknown field `sample`"),
    ],
)
def test_what_is_wrong_has_a_line_and_a_reason(
    text: str, line: int, reason: str, write: Callable[[str], None]
) -> None:
    write(text)
    with pytest.raises(SettingMissingError, match=rf"^telemetry\.json, line {line}: ") as caught:
        rules.of("temperature")
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        ({"time": "t"}, "missing required field `list`"),
        ({"list": "a"}, "either `time` or `start`"),
        ({"list": "a", "time": "t", "start": "t0", "step": 1}, "either `time` or `start`"),
        ({"list": "a", "time": "t", "step": 1}, "go with `start`"),
        ({"list": "a", "start": "t0"}, "either `step` or `offset`"),
        ({"list": "a", "start": "t0", "step": "dt", "offset": "d"}, "either `step` or `offset`"),
        ({"list": "a", "start": "t0", "step": 0}, "no length of time"),
        ({"list": "a", "time": "t", "unit": "min"}, "Invalid enum value 'min'"),
        ({"list": "a", "start": "t", "step": 1, "stepUnit": "h"}, "Invalid enum value 'h'"),
        ({"list": ["a", "b"], "time": "a", "columns": ["x"]}, "a single `list`"),
        ({"list": [], "time": "a"}, "names no list"),
    ],
)
def test_a_spreading_rule_says_where_the_times_are(
    samples: dict[str, Any], reason: str, write: Callable[[str], None]
) -> None:
    write('{"events": {"ok": {},\n"log": {\n"samples": ' + json.dumps(samples) + "}}}")
    with pytest.raises(SettingMissingError, match="line 3: events > log > samples") as caught:
        rules.of("temperature")
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a", 1),
        ("b.c", 2),
        ("b.d", None),
        ("a.x", None),
        ("e.f", 3),
        ("e.f.g", None),
        ("h.i.j", 4),
        ("", None),
        ("l", [5]),
        ("l.0", None),
    ],
)
def test_a_path_leads_to_a_part(path: str, found: Any) -> None:
    value = {"a": 1, "b": {"c": 2}, "e.f": 3, "e": {"f": 9}, "h.i": {"j": 4}, "l": [5]}
    assert part(value, path) == found
    assert part([value], path) is None
