"""Which integrations a product needs at Particle, and which of those it has are too many."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shared.particle import Integration

SYSTEM_EVENTS = "spark/"
"""Events that Particle itself publishes for a device: online, offline, updates, resets."""
ALL_EVENTS = ""


@dataclass(frozen=True)
class Plan:
    """What is to be done, so that each event comes, and comes once."""

    create: tuple[str, ...]
    """Beginnings of event names."""
    enable: tuple[Integration, ...]
    superfluous: tuple[Integration, ...]
    """What then forwards nothing but what others forward, too."""


def plan(present: Sequence[Integration], prefixes: Sequence[str] = ()) -> Plan:
    """What brings about that events whose names begin so are forwarded.

    Args:
        present: integrations to the topic in question.
        prefixes: the beginnings; the system's events are added. Without any it is those that are
            present, or all events when none is.
    """
    create: list[str] = []
    enable: list[Integration] = []
    for prefix in _wanted(present, prefixes):
        if any(covers(one.event, prefix) for one in present if not one.disabled):
            continue
        if disabled := [one for one in present if one.event == prefix]:
            enable.append(disabled[0])
        else:
            create.append(prefix)
    working = [Integration("", prefix, "") for prefix in create]
    working += [one for one in present if not one.disabled or one in enable]
    idle = [one for one in present if one not in working]
    return Plan(
        create=tuple(create),
        enable=tuple(enable),
        superfluous=(
            *(one for place, one in enumerate(working) if _is_repeated(place, working)),
            *(one for one in idle if any(covers(other.event, one.event) for other in working)),
        ),
    )


def covers(prefix: str, event: str) -> bool:
    """Whether an integration for one also forwards the other. Case counts."""
    return event.startswith(prefix)


def _wanted(present: Sequence[Integration], prefixes: Sequence[str]) -> list[str]:
    if prefixes:
        return _shortest([*prefixes, SYSTEM_EVENTS])
    return _shortest(one.event for one in present) or [ALL_EVENTS]


def _shortest(prefixes: Iterable[str]) -> list[str]:
    unique = list(dict.fromkeys(prefixes))
    return [one for one in unique if not any(covers(o, one) for o in unique if o != one)]


def _is_repeated(place: int, integrations: Sequence[Integration]) -> bool:
    """Whether another one forwards the same and more, or an earlier one exactly the same."""
    event = integrations[place].event
    return any(
        covers(other.event, event) and (other.event != event or before < place)
        for before, other in enumerate(integrations)
        if before != place
    )
