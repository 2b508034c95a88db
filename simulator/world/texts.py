"""Texts whose length Particle limits: in bytes of UTF-8, of which a character has up to four."""


def size(text: str) -> int:
    """Return the length of a text in bytes."""
    return len(text.encode())


def parts(text: str, limit: int) -> list[str]:
    """Return a text in parts of at most so many bytes, with every character whole."""
    body = text.encode()
    found = []
    start = 0
    while start < len(body):
        end = start + limit
        # Bytes after the first one of a character begin with the bits 10.
        while end < len(body) and body[end] & 0xC0 == 0x80:  # noqa: PLR2004 - see above
            end -= 1
        found.append(body[start:end].decode())
        start = end
    return found


def cut(text: str, limit: int) -> str:
    """Return the beginning of a text that has at most so many bytes."""
    return next(iter(parts(text, limit)), "")
