"""Which integrations are made, turned on and too many: so that each event comes, and comes once."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin.particle.integrations import Plan, covers, plan
from shared.particle import Integration


def there(*events: str) -> list[Integration]:
    """Integrations in the order they were made; a disabled one's events begin with `-`."""
    return [
        Integration(str(n), event.removeprefix("-"), "t", disabled=event.startswith("-"))
        for n, event in enumerate(events)
    ]


def shown(made: Plan) -> tuple[list[str], list[str], list[str]]:
    return list(made.create), [o.id for o in made.enable], [o.id for o in made.superfluous]


@pytest.mark.parametrize(
    ("present", "prefixes", "expected"),
    [
        ([], [], ([""], [], [])),
        ([], ["temp"], (["temp", "spark/", "particle/"], [], [])),
        (
            [],
            ["temp", "temperature", "temp", "spark/status", "spark"],
            (["temp", "spark", "particle/"], [], []),
        ),
        ([], [""], ([""], [], [])),
        ([""], [], ([], [], [])),
        ([""], ["temp"], (["temp", "spark/", "particle/"], [], ["0"])),
        (["", "temp", "spark/", "particle/"], ["temp"], ([], [], ["0"])),
        (["temp", "spark/"], [], ([], [], [])),
        (["temp", "-spark/"], [], ([], ["1"], [])),
        (["-"], [], ([], ["0"], [])),
        (["-", ""], [], ([], [], ["0"])),
        (["-", "-"], [], ([], ["0"], ["1"])),
        (["", ""], [], ([], [], ["1"])),
        (["temp", "spark/"], [""], ([""], [], ["0", "1"])),
        (["temp", "-pump", ""], [], ([], [], ["0", "1"])),
        (["-", "temp"], ["temp"], (["spark/", "particle/"], [], ["0"])),
        (["Temp"], ["temp"], (["temp", "spark/", "particle/"], [], [])),
    ],
)
def test_plan(
    present: list[str], prefixes: list[str], expected: tuple[list[str], list[str], list[str]]
) -> None:
    assert shown(plan(there(*present), prefixes)) == expected


events = st.text("ab/", max_size=3)


@given(st.lists(st.tuples(events, st.booleans())), st.lists(events))
def test_each_event_comes_once(present: list[tuple[str, bool]], prefixes: list[str]) -> None:
    before = [
        Integration(str(n), event, "t", disabled=off) for n, (event, off) in enumerate(present)
    ]
    made = plan(before, prefixes)
    enabled = {one.id for one in made.enable}
    dropped = {one.id for one in made.superfluous}
    after = [
        *(Integration(f"new {n}", event, "t") for n, event in enumerate(made.create)),
        *(
            dataclasses.replace(one, disabled=one.disabled and one.id not in enabled)
            for one in before
            if one.id not in dropped
        ),
    ]
    working = [one.event for one in after if not one.disabled]
    replaced = [""] if prefixes and "" not in prefixes else []
    for event in [*prefixes, *(event for event, off in present if not off)]:
        if event in replaced:
            continue
        assert sum(covers(one, event) for one in working) == 1
    assert plan(after, prefixes) == Plan((), (), ()), "nothing is left to do"
