"""Names that people give to devices and to themselves: read as typed, refused when unreadable.

`firestore.rules` holds the same rule for `displayName`, which clients write themselves.
"""

import re
import unicodedata

LONGEST = 100
"""Characters of a name."""

# Control characters, ends of lines, and the characters that change the direction of a text: on a
# page or in a log they alter what stands beside the name.
_HARMFUL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
# Shown as nothing, although Unicode does not call all of them spaces, marks or formats.
_BLANK = re.compile("[\u115f\u1160\u2065\u2800\u3164\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]")
# White space, and the spaces without width that come along when something is copied.
_AROUND = re.compile(r"^[\s\u200b\u2060\ufeff]+|[\s\u200b\u2060\ufeff]+$")
_INVISIBLE = {"Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Mn", "Me"}


def given_name(typed: str, longest: int = LONGEST) -> str:
    """A name without the white space around it.

    A joined emoji, a right-to-left script or a character newer than this interpreter's Unicode
    makes a good name.

    Raises:
        ValueError: it has nothing that can be seen, a control character or one that changes the
            direction of a text, or more than `longest` characters; the message says which.
    """
    name = _AROUND.sub("", typed)
    if not any(_is_visible(character) for character in name):
        raise ValueError("Expected a name with at least one visible character")
    if _HARMFUL.search(name):
        raise ValueError("Expected a name without control characters or marks of direction")
    if len(name) > longest:
        raise ValueError(f"Expected a name of at most {longest} characters")
    return name


def _is_visible(character: str) -> bool:
    return unicodedata.category(character) not in _INVISIBLE and not _BLANK.match(character)
