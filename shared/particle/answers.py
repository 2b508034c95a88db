"""Reading Particle's answers: tolerant of more than is documented, strict about less."""

from typing import Any, TypeVar

from shared.particle.errors import UnexpectedAnswerError

T = TypeVar("T")


def member(body: Any, name: str, kind: type[T], route: str) -> T:
    """A member that must be there. Raises `UnexpectedAnswerError`."""
    value = optional(body, name, kind)
    if value is None:
        raise UnexpectedAnswerError(route, f"no {name}")
    return value


def optional(body: Any, name: str, kind: type[T]) -> T | None:
    """A member, if it is there and of that kind."""
    value = body.get(name) if isinstance(body, dict) else None
    return value if isinstance(value, kind) else None
