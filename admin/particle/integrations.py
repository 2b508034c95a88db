"""Which integrations a product needs at Particle, and which of those it has are superfluous."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shared.particle import Integration

SYSTEM_EVENTS = ("spark/", "particle/")
"""The prefixes of events that Particle itself publishes for a device: online, updates, resets."""
ALL_EVENTS = ""
"""Particle documents that an event name has at least one character, so it may refuse this one, or
forward nothing for it."""


@dataclass(frozen=True)
class Plan:
    """What is to be done so that each event is forwarded, and only once."""

    create: tuple[str, ...]
    """Prefixes of event names that need a new integration."""
    enable: tuple[Integration, ...]
    superfluous: tuple[Integration, ...]
    """Integrations that then only forward what others forward too."""


def plan(present: Sequence[Integration], prefixes: Sequence[str] = ()) -> Plan:
    """Plan the integrations that forward the events with certain prefixes.

    Args:
        present: the existing integrations to the topic.
        prefixes: of event names; those of the system's events are added. By default, those of the
            existing integrations or, if there are none, all events. Who names prefixes does not
            rely on an integration for all events: it becomes superfluous.
    """
    create: list[str] = []
    enable: list[Integration] = []
    wanted = _wanted(present, prefixes)
    replaced = [one for one in present if one.event not in wanted and one.event == ALL_EVENTS]
    present = [one for one in present if one not in replaced]
    for prefix in wanted:
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
            *replaced,
            *(one for place, one in enumerate(working) if _is_repeated(place, working)),
            *(one for one in idle if any(covers(other.event, one.event) for other in working)),
        ),
    )


def named(setting: str) -> list[str]:
    """The prefixes in the setting `PARTICLE_EVENTS`, which are separated by commas."""
    return [prefix for part in setting.split(",") if (prefix := part.strip())]


def shown(prefix: str) -> str:
    """What an integration forwards, for people."""
    return f"{prefix}…" if prefix else "all events"


def covers(prefix: str, event: str) -> bool:
    """Whether an integration for the prefix also forwards the event. Case matters."""
    return event.startswith(prefix)


def _wanted(present: Sequence[Integration], prefixes: Sequence[str]) -> list[str]:
    if prefixes:
        return _shortest([*prefixes, *SYSTEM_EVENTS])
    return _shortest(one.event for one in present) or [ALL_EVENTS]


def _shortest(prefixes: Iterable[str]) -> list[str]:
    unique = list(dict.fromkeys(prefixes))
    return [one for one in unique if not any(covers(o, one) for o in unique if o != one)]


def _is_repeated(place: int, integrations: Sequence[Integration]) -> bool:
    """Whether another integration forwards more, or an earlier one exactly the same."""
    event = integrations[place].event
    return any(
        covers(other.event, event) and (other.event != event or before < place)
        for before, other in enumerate(integrations)
        if before != place
    )
