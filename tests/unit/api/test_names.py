"""Names that people give: read as typed, or refused with what is wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.api.names import LONGEST, given_name

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Workshop", "Workshop"),
        ("  Workshop\n", "Workshop"),
        ("\u00a0\u3000Workshop\ufeff", "Workshop"),
        ("\ufeff\u200bWorkshop", "Workshop"),
        ("Jo's  room", "Jo's  room"),
        ("שלום", "שלום"),
        (
            "\u0645\u06cc\u200c\u062e\u0648",
            "\u0645\u06cc\u200c\u062e\u0648",
        ),  # Persian needs the non-joiner
        (FAMILY, FAMILY),
        (ENGLAND, ENGLAND),
        ("\U0001fae8", "\U0001fae8"),  # newer than Python 3.11's Unicode
        ("e\u0301", "e\u0301"),
        ("\uf8ff", "\uf8ff"),  # Apple's logo, for private use
        ("-", "-"),
        ("0", "0"),
        ("x" * LONGEST, "x" * LONGEST),
        (" " * 200 + "x" * LONGEST, "x" * LONGEST),
        ("\U0001f600" * LONGEST, "\U0001f600" * LONGEST),
    ],
)
def test_names(typed: str, name: str) -> None:
    assert given_name(typed) == name


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        *(
            (blank, "visible")
            for blank in (
                "",
                " ",
                "\t\n",
                "\u00a0",
                "\u3000",
                "\u200b",
                "\u200d",
                "\u2060",
                "\ufeff",
                "\u00ad",
                "\u180e",
                "\u034f",
                "\u0301",
                "\ufe0f",
                "\u115f",
                "\u1160",
                "\u3164",
                "\uffa0",
                "\u2800",
                "\u200e",
                "\u202e",
                "\U000e0001",
                "\U000e0041",
                "\x00",
                "\x1b",
            )
        ),
        *((f"a{mark}b", "marks") for mark in "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e"),
        *((f"a{mark}b", "marks") for mark in "\u2066\u2067\u2068\u2069"),
        *((f"a{mark}b", "control") for mark in "\x00\x07\t\n\r\x1b\x7f\x85\x9b\u2028\u2029"),
        ("x" * (LONGEST + 1), "at most"),
    ],
)
def test_others_are_refused(typed: str, reason: str) -> None:
    with pytest.raises(ValueError, match=f"^Expected a name .*{reason}"):
        given_name(typed)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_name_stays_a_name(typed: str) -> None:
    try:
        name = given_name(typed, longest=10**6)
    except ValueError:
        return
    assert given_name(name, longest=10**6) == name != ""
