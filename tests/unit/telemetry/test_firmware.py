"""Which version of the firmware a device runs, by what its events say."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.telemetry import firmware

AT = datetime(2026, 5, 13, tzinfo=UTC)
versions = st.integers(1, firmware.MAX_VERSION)


@pytest.mark.parametrize(
    ("attributes", "version"),
    [
        ({"fw_version": "7"}, 7),
        ({"fw_version": " 65535 "}, 65535),
        ({"fw_version": 7}, 7),
        ({"version": "3"}, 3),
        ({"fw_version": "8", "version": "3"}, 8),
        ({"fw_version": "", "version": "3"}, 3),
        ({"fw_version": None, "version": 3}, 3),
    ],
)
def test_a_message_tells_the_version(attributes: dict[str, Any], version: int) -> None:
    assert firmware.in_attributes(attributes) == version


@pytest.mark.parametrize(
    "text", ["0", 0, "", "65536", "-1", "1.5", "v7", "seven", "٣", True, [7], {}, "9" * 5000]
)
def test_what_is_no_version_says_nothing(text: Any) -> None:
    """0 is what Particle says of a device in safe mode; it is never an older version."""
    assert firmware.in_attributes({"fw_version": text, "version": text}) is None


@given(versions, versions, st.timedeltas(timedelta(milliseconds=1), timedelta(days=36500)))
def test_the_later_one_is_greater_and_tells_its_version(
    first: int, second: int, later: timedelta
) -> None:
    known = firmware.order(first, AT)
    newer = firmware.order(second, AT + max(later, timedelta(milliseconds=1)))
    assert known < newer < 2**63
    assert (firmware.version_in(known), firmware.version_in(newer)) == (first, second)


@pytest.mark.parametrize("version", [None, 0, 70_000])
def test_an_unknown_version_has_no_order(version: int | None) -> None:
    assert firmware.fields(version, AT) == {"firmwareVersion": version}
