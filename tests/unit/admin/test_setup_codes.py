"""Serial numbers and setup codes as people print and type them."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.claims import label

DEVICE = "e00fce68aaaaaaaaaaaaaaaa"


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("PT-1001", "PT1001"),
        (" pt 1001 ", "PT1001"),
        ("pt\u20111001", "PT1001"),
        ("pt\u20131001\u00a0", "PT1001"),
        ("pt\u22121001", "PT1001"),
        ("\ufeffpt\u00ad10\u200b\u206001\u202c", "PT1001"),
        ("\u200ept\u200d1001\u2069", "PT1001"),
        ("\uff30\uff34\uff0d\uff11\uff10\uff10\uff11", "PT1001"),
        ("a" * 64, "A" * 64),
    ],
)
def test_one_label_has_one_form(typed: str, normal: str) -> None:
    assert label.normalise_serial(typed) == normal
    assert label.normalise_setup_code(typed) == normal


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "missing"),
        (" - \u2014 ", "missing"),
        ("\u200b\ufeff\u2060\u00ad\u200f\u202e", "missing"),
        ("PT_1001", "other than"),
        ("PT/1001", "other than"),
        ("PT\0001", "other than"),
        ("pt\u0131001", "other than"),  # upper() would make it I
        ("stra\u00dfe", "other than"),  # upper() would make it SS
        ("\u212a1001", "other than"),  # the Kelvin sign
        ("PT\u0661", "other than"),  # an Arabic digit
        ("PT\u00b2", "other than"),
        ("PT\u03a91", "other than"),
        ("\ud800", "other than"),
        ("a" * 65, "longer"),
        ("-" * 100_000, "longer"),
    ],
)
def test_the_rest_is_refused_with_a_reason(typed: str, reason: str) -> None:
    with pytest.raises(ValueError, match=f"^serial number .*{reason}"):
        label.normalise_serial(typed)
    with pytest.raises(ValueError, match=f"^setup code .*{reason}"):
        label.normalise_setup_code(typed)


@given(st.text(max_size=80))
def test_normalisation_is_final(text: str) -> None:
    try:
        once = label.normalise_serial(text)
    except ValueError:
        return
    assert label.normalise_serial(once) == once
    assert once.isascii()
    assert once.isalnum()
    assert once == once.upper()


@pytest.mark.parametrize(
    "text", ["", "e00fce68", DEVICE + "0", "g" * 24, "e00fce68 aaaaaaaaaaaaaaa"]
)
def test_a_device_id_has_24_hexadecimal_digits(text: str) -> None:
    with pytest.raises(ValueError, match="24 hexadecimal"):
        label.normalise_device_id(text)


def test_a_device_id_is_lower_case() -> None:
    assert label.normalise_device_id(f" {DEVICE.upper()}\n") == DEVICE


def test_the_digest_is_fixed_for_ever() -> None:
    """Codes are printed on boxes: a change of this value makes every sold device unclaimable."""
    assert label.digest("pepper", DEVICE, "ABCD-2345") == (
        "566484e024965609c4fd4f9b23ceed7f9552b84c1087172d4f101350a905734b"
    )


def test_the_digest_depends_on_all_three_and_not_on_their_spelling() -> None:
    same = {
        label.digest("pepper", DEVICE, "ABCD2345"),
        label.digest("pepper\n", DEVICE.upper(), " abcd-2345 "),
    }
    assert len(same) == 1
    other = {
        label.digest("Pepper", DEVICE, "ABCD2345"),
        label.digest("pepper", DEVICE[:-1] + "b", "ABCD2345"),
        label.digest("pepper", DEVICE, "ABCD2346"),
    }
    assert len(same | other) == 4


def test_matches() -> None:
    stored = label.digest("pepper", DEVICE, "ABCD2345")
    assert label.matches("pepper", DEVICE, "abcd 2345", stored)
    assert not label.matches("pepper", DEVICE, "abcd 2346", stored)
    assert not label.matches("pepper", DEVICE, "", stored)
    assert not label.matches("pepper", DEVICE, "abcd_2345", stored)
    assert not label.matches("pepper", DEVICE, "ABCD2345", "")
    assert not label.matches("pepper", DEVICE, "ABCD2345", "é")


def test_a_code_that_cannot_be_one_never_matches_whatever_is_stored() -> None:
    stored = label.digest("pepper", DEVICE, "0")
    assert not label.matches("pepper", DEVICE, "", stored)


@pytest.mark.parametrize("pepper", ["", " \n"])
def test_no_pepper_is_a_fault_and_not_a_mismatch(pepper: str) -> None:
    with pytest.raises(ValueError, match="SETUP_CODE_PEPPER"):
        label.matches(pepper, DEVICE, "ABCD2345", "")


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("AB-C23", "shorter than 8"),
        ("7777-7777", "repeated"),
        ("1", "repeated"),
        ("12345678", "sequence"),
        ("hgfedcba", "sequence"),
        ("pt-1001", "serial number"),
        ("1001", "serial number"),
        ("PT1001PT", "serial number"),
    ],
)
def test_weak_codes_are_named(code: str, why: str) -> None:
    assert why in str(label.weakness(code, "PT-1001"))


@pytest.mark.parametrize("code", ["ABCD2345", "12345679", "K7QW-92MX-4TRB"])
def test_good_codes_are_not(code: str) -> None:
    assert label.weakness(code, "PT-1001") is None


def test_nothing_outside_the_standard_library_is_imported() -> None:
    program = (
        "import sys; before = set(sys.modules); import shared.claims.label;"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before};"
        "print(sorted(new - sys.stdlib_module_names))"
    )
    done = subprocess.run(  # noqa: S603 - fixed argv
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "['shared']"
