"""Serial numbers and setup codes: what a device's label says, and how it is stored and compared.

One rule of normalisation serves the operator's import, the registry and what customers type: case,
white space, hyphens and invisible characters do not count (copied text brings along spaces without
width, byte order marks and marks of direction), full-width letters and digits (East Asian
keyboards) equal those of ASCII, and anything else is refused rather than guessed. The check is made
on ASCII before the case is changed, because `str.upper` turns some foreign letters into ASCII ones
(a dotless i into `I`, a sharp s into `SS`), and two different labels must never become one.

A setup code is never stored. The registry holds its `digest`, an HMAC: without the pepper, a secret
of the server, nobody can try codes on a copy of the database.

It uses the standard library alone, because claiming imports it at its cold start.
"""

import hashlib
import hmac
import itertools
import re
import unicodedata
from dataclasses import dataclass

MAX_LENGTH = 64
"""Characters of a serial number or a setup code, after normalisation."""

WEAK_BELOW = 8
"""Setup codes shorter than this are reported to the operator as weak."""

_NO_COINCIDENCE = 4
"""A serial number of at least so many characters is not part of a setup code by coincidence."""

MAX_TYPED = 256
"""Characters read before normalisation: ample for separators, a bound for hostile input."""

_DEVICE_ID = re.compile(r"[0-9a-f]{24}")
_ALLOWED = re.compile(r"[A-Za-z0-9]+")
# U+FF01..U+FF5E are the full-width twins of ASCII 0x21..0x7E.
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
# Hyphens and dashes, invisible characters (a soft hyphen is one of them), and spaces.
_UNREAD = {"Pd", "Cf", "Zs"}
# Unicode calls this a mathematical symbol, but word processors and phones write it for a hyphen.
_MINUS = "\u2212"


@dataclass(frozen=True)
class Label:
    """What a person says is printed on a device: one of the two, normalised."""

    serial_number: str | None = None
    device_id: str | None = None

    @classmethod
    def of_serial(cls, typed: str) -> "Label":
        """As a person typed it. What cannot be a serial number is treated like a missing one."""
        try:
            return cls(serial_number=normalise_serial(typed))
        except ValueError:
            return cls()


def readable(text: str) -> str:
    """What counts of a typed label: all but white space, hyphens and invisible characters."""
    return "".join(
        character
        for character in text.translate(_FULL_WIDTH)
        if not (
            character.isspace() or unicodedata.category(character) in _UNREAD or character == _MINUS
        )
    )


def _normalise(text: str, what: str) -> str:
    if len(text) > MAX_TYPED:
        raise ValueError(f"{what} is longer than {MAX_LENGTH} characters")
    kept = readable(text)
    if not kept:
        raise ValueError(f"{what} is missing")
    if not _ALLOWED.fullmatch(kept):
        raise ValueError(f"{what} has characters other than A-Z, 0-9, spaces and hyphens")
    if len(kept) > MAX_LENGTH:
        raise ValueError(f"{what} is longer than {MAX_LENGTH} characters")
    return kept.upper()


def normalise_serial(text: str) -> str:
    """The one form of a serial number, used as document id in `serialNumbers`.

    Raises:
        ValueError: it is empty, too long, or has other characters than letters, digits, spaces and
            hyphens; the message says which, in words fit for the operator.
    """
    return _normalise(text, "serial number")


def normalise_setup_code(text: str) -> str:
    """The one form of a setup code, under the same rule as serial numbers.

    Raises:
        ValueError: as `normalise_serial`.
    """
    return _normalise(text, "setup code")


def normalise_device_id(text: str) -> str:
    """A Particle device id: 24 hexadecimal digits, in lower case as Particle writes them.

    Raises:
        ValueError: it is anything else.
    """
    device_id = readable(text).lower()
    if not _DEVICE_ID.fullmatch(device_id):
        raise ValueError("device id is not 24 hexadecimal digits")
    return device_id


def digest(pepper: str, device_id: str, setup_code: str) -> str:
    """What the registry stores of a setup code: HMAC-SHA256 in lower-case hexadecimal.

    The device id is part of the message, so that equal codes on two devices do not look equal in
    the database. Neither part can contain a NUL byte after normalisation, so that this separator is
    unambiguous. White space around the pepper does not count, since secrets are often stored with a
    line end.

    Args:
        pepper: the secret `SETUP_CODE_PEPPER`.
        device_id: as `normalise_device_id` takes it.
        setup_code: as printed or typed.

    Raises:
        ValueError: the pepper is empty (a secret that is not bound reads as ""), or the device id
            or the setup code is not one.
    """
    key = pepper.strip()
    if not key:
        raise ValueError("SETUP_CODE_PEPPER is empty")
    message = f"{normalise_device_id(device_id)}\0{normalise_setup_code(setup_code)}"
    return hmac.new(key.encode(), message.encode("ascii"), hashlib.sha256).hexdigest()


def matches(pepper: str, device_id: str, setup_code: str, stored: str) -> bool:
    """Whether a typed setup code is the stored one, compared in constant time.

    A code that cannot be one (wrong characters, too long) does not match.

    Raises:
        ValueError: the pepper is empty or the device id is not one: our fault, not the typist's.
    """
    try:
        code = normalise_setup_code(setup_code)
    except ValueError:
        code = ""
    # A code is digested and compared either way: the time taken says nothing about the typed one.
    computed = digest(pepper, device_id, code or "0")
    return hmac.compare_digest(computed.encode(), stored.encode()) and bool(code)


def weakness(setup_code: str, serial_number: str) -> str | None:
    """Why a setup code is easy to guess, in the operator's words; None when it is not.

    Raises:
        ValueError: one of the two cannot be normalised.
    """
    code = normalise_setup_code(setup_code)
    serial = normalise_serial(serial_number)
    if len(set(code)) == 1:
        return "setup code is one repeated character"
    # Many a good code contains a serial number of one or two characters.
    if code in serial or (len(serial) >= _NO_COINCIDENCE and serial in code):
        return "setup code is made of the serial number"
    steps = {ord(after) - ord(before) for before, after in itertools.pairwise(code)}
    if steps in ({1}, {-1}):
        return "setup code is a sequence"
    if len(code) < WEAK_BELOW:
        return f"setup code is shorter than {WEAK_BELOW} characters"
    return None
