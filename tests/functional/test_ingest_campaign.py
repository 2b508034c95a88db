"""The fault campaign in its short form; `make bench` runs the long one."""

import secrets

import pytest

from benchmarks import campaign
from local.stack import Stack


@pytest.mark.timeout(600)
def test_no_fault_loses_doubles_or_misplaces_an_event(stack: Stack) -> None:
    plan = campaign.Plan(events=1200, devices=40, seed=secrets.randbelow(2**31))
    outcome = campaign.run(plan, stack.environment, stack.firestore_host)
    print(outcome.text)  # noqa: T201 - the seed, for a campaign that failed
    assert outcome.problems == [], outcome.text
    assert outcome.counts["kills"] == 10
    assert outcome.counts["changes of owner"] > 8
    assert outcome.counts["poison"] > 0
