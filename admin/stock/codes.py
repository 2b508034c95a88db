"""Setup codes, made at random."""

import secrets

from shared.claims import label

ALPHABET = "34679ACDEFHJKMNPRTWXY"
"""Without characters that people confuse when they read a label or hear it on the phone: of
0 O Q, 1 I L, 2 Z, 5 S, 8 B, 6 G and U V, one at most."""
LENGTH = 12
"""Characters of a code: 21 to the power of twelve, about 52 bits."""

_GROUP = 4


def new(serial_number: str) -> str:
    """A code for a device, grouped by hyphens, which do not count."""
    while True:
        code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
        if label.weakness(code, serial_number) is None:
            return "-".join(code[at : at + _GROUP] for at in range(0, LENGTH, _GROUP))
