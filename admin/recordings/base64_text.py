"""Base64 as tools write it: gcloud in the alphabet for URLs, others without padding."""

import base64
import binascii

from admin.recordings.text import UnreadableError

_STANDARD = str.maketrans("-_", "+/")


def decoded(text: str) -> bytes | None:
    """What base64 in either alphabet, padded or not, stands for; None for anything else."""
    letters = "".join(text.split()).translate(_STANDARD)
    bare = letters.rstrip("=")
    padding = "=" * (-len(bare) % 4)
    if letters not in {bare, bare + padding}:
        return None
    try:
        raw = base64.b64decode(bare + padding, validate=True)
    except (binascii.Error, ValueError):
        return None
    # Bits that are left over are zero, which tells base64 from many a word.
    return raw if encoded(raw) == bare + padding else None


def encoded(raw: bytes) -> str:
    """Base64 as Pub/Sub writes it."""
    return base64.b64encode(raw).decode()


def of_text(text: str) -> bytes:
    """What was published as this text. Raises `UnreadableError`."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise UnreadableError(
            "has data with half a character in it, which no device publishes"
        ) from None


def is_padded(text: str) -> bool:
    """Whether base64 has the padding that it needs, or needs none."""
    return len("".join(text.split())) % 4 == 0


def as_text(raw: bytes) -> str | None:
    """The bytes as text that people can read; None when they are none."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return None
    return text if all(char.isprintable() or char.isspace() for char in text) else None
