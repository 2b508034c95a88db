"""What may be one segment of a Firestore path. A uid, or any other id, must never be several.

Firebase Auth allows any text of 1 to 128 characters as a uid, and with custom authentication the
maker chooses it. One of the form `{victim}/devices/{deviceId}` would lead into the victim's tree.
So callables and triggers refuse it (`is_uid`), and no path is built from it (`checked`).
"""

import re

MAX_UID = 128
"""Characters of a uid (Firebase Auth, "Create custom tokens")."""
MAX_BYTES = 1500
"""Bytes of a document's id (Firestore, "Limits")."""

# Nearly every id. The others need a closer look, which takes longer; ingest checks many ids.
_PLAIN = re.compile(r"(?!__)[A-Za-z0-9_-]{1,128}")
_IMPOSSIBLE = re.compile(r"\.{0,2}|.*/.*|__.*__", re.DOTALL)


class InvalidIdError(Exception):
    """A path was about to be built from something that is not a single Firestore id."""

    def __init__(self) -> None:
        """Without the id: it may be anything, and of any length."""
        super().__init__("this is not the id of a document")


def is_id(text: object) -> bool:
    """Whether Firestore can use this as the id of one document or collection."""
    if not isinstance(text, str):
        return False
    if _PLAIN.fullmatch(text):
        return True
    try:
        size = len(text.encode())
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
    return size <= MAX_BYTES and not _IMPOSSIBLE.fullmatch(text)


def is_uid(text: object) -> bool:
    """Whether this can be a user of the product: a single id that Firebase Auth allows."""
    return is_id(text) and len(str(text)) <= MAX_UID


def checked(*segments: str) -> tuple[str, ...]:
    """The segments of a path, as they are. Raises `InvalidIdError` if one is not a single id."""
    for segment in segments:
        if not is_id(segment):
            raise InvalidIdError
    return segments
