"""Compares answers with what is expected, and writes a table that can be given away."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, Literal

from admin.conformance.probes import NOT_TRIED, PROBES, NotTriedError, Probe, Reply, Session

State = Literal["same", "differs", "not tried"]

_SLOWER = 3.0
"""Seconds more than expected that count as another answer; a network takes less."""
_REPLACED = (
    (re.compile(r"[\w.+-]+@[\w.-]+"), "(address)"),
    (re.compile(r"\b[0-9a-fA-F]{24,}\b"), "(id)"),
)


@dataclass(frozen=True)
class Row:
    """What came of a request, or why an assumption was not tried."""

    name: str
    state: State
    how: str = ""
    seconds: float | None = None
    settles: tuple[str, ...] = ()


def expected() -> dict[str, dict[str, Any]]:
    """`{name: {status, keys}}`: the simulator's answers, which a test compares with this file."""
    text = resources.files("admin.conformance").joinpath("expected.json").read_text("utf-8")
    found: dict[str, dict[str, Any]] = json.loads(text)
    return found


def compare(session: Session) -> Iterator[Row]:
    """Send all requests; the rows that no request settles follow."""
    answers = expected()
    for probe in PROBES:
        yield _compared(probe, session, answers[probe.name])
    for row, why in NOT_TRIED.items():
        yield Row(row, "not tried", why)


def _compared(probe: Probe, session: Session, wanted: Mapping[str, Any]) -> Row:
    try:
        reply = probe.send(session)
    except NotTriedError as failure:
        return Row(probe.name, "not tried", str(failure), settles=probe.settles)
    how = "; ".join(_differences(reply, wanted))
    return Row(
        probe.name,
        "differs" if how else "same",
        redacted(how, session),
        reply.seconds,
        probe.settles,
    )


def _differences(reply: Reply, wanted: Mapping[str, Any]) -> Iterator[str]:
    if reply.status != wanted["status"]:
        said = f", {reply.error}" if reply.error else ""
        yield f"status {reply.status}{said}, expected {wanted['status']}"
    missing = sorted(set(wanted["keys"]) - set(reply.keys))
    if missing and not (reply.status != wanted["status"] and reply.error):
        yield f"the body lacks {', '.join(missing)}"
    if reply.status == wanted["status"] and (more := sorted(set(reply.keys) - set(wanted["keys"]))):
        yield f"the body also has {', '.join(more)}"
    if reply.seconds > _SLOWER:
        yield f"it took {reply.seconds:.1f} s"


def redacted(text: str, session: Session) -> str:
    """Without anything that names the maker, a customer, a device or a secret."""
    for value in (session.product, *session.client, session.server, session.token):
        if value:
            text = text.replace(value, "(ours)")
    for pattern, instead in _REPLACED:
        text = pattern.sub(instead, text)
    return text


def markdown(rows: list[Row]) -> str:
    """The table, to be kept or sent."""
    lines = ["| What | Result | Seconds | How, or why not |", "|---|---|---|---|"]
    for row in rows:
        seconds = "" if row.seconds is None else f"{row.seconds:.1f}"
        how = row.how.replace("|", "\\|").replace("\n", " ")
        lines.append(f"| {row.name} | {row.state} | {seconds} | {how} |")
    return "\n".join(lines) + "\n"
