"""The templates of webhooks: rendered as mustache.js does, from the values of an event."""

import json
from pathlib import Path
from typing import Any

import pytest

from simulator.world.events import Event
from simulator.world.mustache import TemplateError
from simulator.world.templates import json_object, render, variables

RECORDED: list[dict[str, str]] = json.loads(
    (Path(__file__).parent / "mustache.json").read_text(encoding="utf-8")
)


def rendered(template: str, view: str) -> dict[str, str]:
    try:
        return {"text": render(template, json_object(view))}
    except TemplateError as error:
        return {"error": str(error)}


@pytest.mark.parametrize("case", RECORDED, ids=lambda case: f"{case['template']} {case['view']}")
def test_templates_render_as_in_javascript(case: dict[str, str]) -> None:
    expected = {key: case[key] for key in ("text", "error") if key in case}
    assert rendered(case["template"], case["view"]) == expected


@pytest.mark.parametrize(
    "data",
    [None, "", "21.5", "text", "[1]", '{"a":NaN}', '{"a":-Infinity}', "{'a':1}", "[" * 100_000],
)
def test_only_a_json_object_has_values(data: str | None) -> None:
    assert json_object(data) == {}


def test_half_a_surrogate_pair_does_not_go_out() -> None:
    values = json_object(r'{"half":"\ud83d","other":"\ude00"}')
    assert render("{{half}}!", values) == "\N{REPLACEMENT CHARACTER}!"
    assert render("{{half}}{{other}}", values) == "\N{GRINNING FACE}"


def test_values_nested_too_deeply_are_an_error() -> None:
    nested: list[Any] = []
    for _ in range(100_000):
        nested = [nested]
    with pytest.raises(TemplateError, match="stack"):
        render("{{a}}", {"a": nested})


def test_numbers_of_the_event_are_written_as_numbers() -> None:
    event = Event(name="e", data=None, published_at="t", source="s", product_id=1319, version=7)
    values = variables(event, "id")
    assert render("{{PRODUCT_ID}} {{PRODUCT_VERSION}}", values) == "1319 7"


def test_a_device_cannot_pass_itself_off_as_another() -> None:
    data = '{"PARTICLE_DEVICE_ID":"other","SPARK_EVENT_NAME":"other","PRODUCT_ID":1,"own":"mine"}'
    event = Event(name="e", data=data, published_at="t", source="s", device_id="s", product_id=1319)
    template = "{{PARTICLE_DEVICE_ID}} {{SPARK_EVENT_NAME}} {{PRODUCT_ID}} {{own}}"
    assert render(template, variables(event, "id")) == "s e 1319 mine"
