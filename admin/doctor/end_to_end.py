"""The whole way at once: a canary, the devices' events, the scheduled check, the clocks."""

import email.utils
import sys
import time
from datetime import UTC, datetime, timedelta

import requests
import typer
from google.cloud.firestore import FieldFilter

from admin.cli.failures import explained_firestore
from admin.cli.output import text
from admin.doctor.deployment import ACCESS_TOKEN, Deployment
from admin.doctor.finding import Finding, Link, broken, not_here, ok, some, warning
from admin.particle.integrations import covers
from shared import due, settings
from shared.firestore import paths
from shared.particle import errors
from shared.telemetry import arrivals, canary

SKEW = timedelta(seconds=10)
"""The difference of two clocks that is worth a warning. The `Date` header has whole seconds."""
SILENT = timedelta(minutes=15)
"""The scheduled check runs every five minutes."""

_SAMPLE = 50
"""Devices whose events are compared with the integrations."""
_GOOGLE = "https://pubsub.googleapis.com/"
_PROGRESS = 5.0
"""Seconds between two lines of progress."""


def _canary(deployment: Deployment) -> Finding:
    printed = started = time.monotonic()

    def waiting() -> None:
        nonlocal printed
        if time.monotonic() - printed >= _PROGRESS:
            printed = time.monotonic()
            typer.echo(f"... canary on its way for {printed - started:.0f} s", err=True)

    particle, credentials = deployment.particle, deployment.integrator
    try:
        with explained_firestore(deployment.project):
            deadline = started + settings.CANARY_TIMEOUT
            delays = [
                canary.fly(particle, credentials, one, deadline, waiting).delay_ms
                for one in canary.ours(particle, credentials)
            ]
    except canary.CanaryLostError as failure:
        return broken(f"lost: {failure}", deployment.logs("ingest", "warning"))
    except (errors.ForbiddenError, errors.TokenRejectedError) as failure:
        return warning(
            f"cannot be sent: Particle does not allow it ({failure.text})",
            f"set {ACCESS_TOKEN} to a token of a member of the product's team, and HEALTH_CHECK="
            f"false in {deployment.settings_file}, since the functions have no such token",
        )
    return ok(f"from Particle to Firestore in {max(delays)} ms")


def _events(deployment: Deployment) -> Finding:
    now = datetime.now(UTC)
    with explained_firestore(deployment.project):
        silence = arrivals.present_silence(now)
    if silence is None:
        return warning(
            "no device's event has arrived yet",
            "let a device publish; if it does already, Particle may not forward all events: "
            + deployment.name_events(),
        )
    if lost := _not_forwarded(deployment):
        return warning(
            f"no integration forwards {some(lost)}, which devices have published",
            deployment.name_events(",".join([*deployment.event_prefixes, *lost])),
        )
    if not silence.length:
        return ok("devices' events arrive")
    last = f"the last event of a device arrived before {text(silence.last)}"
    if silence.remarkable:
        return warning(
            f"{last}, longer ago than is usual",
            "look in Particle's console whether devices are online, and at the integration's log",
        )
    return ok(last)


def _not_forwarded(deployment: Deployment) -> list[str]:
    """Names of events that no integration forwards, as far as documents of devices show them.

    Empty where Particle does not show its integrations.
    """
    try:
        listed = deployment.particle.integrations.list(deployment.integrator)
    except errors.ParticleError:
        return []
    prefixes = [one.event for one in listed if canary.is_ours(one) and not one.disabled]
    with explained_firestore(deployment.project):
        names = _published()
    return sorted(n for n in names if not any(covers(prefix, n) for prefix in prefixes))


def _published() -> set[str]:
    """Names of the newest events of some devices that have an owner."""
    owned = paths.devices().where(filter=FieldFilter("ownerUid", ">", "")).limit(_SAMPLE)
    owners = {entry.id: entry.get("ownerUid") for entry in owned.select(["ownerUid"]).stream()}
    references = [paths.user_device(uid, device_id) for device_id, uid in owners.items()]
    found = paths.client().get_all(references, field_paths=["latest"]) if references else ()
    return {name for one in found for name in (one.to_dict() or {}).get("latest", {})}


def _scheduled(deployment: Deployment) -> Finding:
    if not settings.health_check():
        return not_here("turned off: HEALTH_CHECK=false")
    with explained_firestore(deployment.project):
        found = paths.health("canary").get().to_dict() or {}
    sent = found.get("sentAt")
    if sent is None or datetime.now(UTC) - sent > SILENT:
        last = f"last ran at {text(sent)}" if sent else "has never run"
        return broken(
            f"check_health {last}",
            _jobs(deployment),
        )
    if failures := found.get("failures"):
        since = found.get("lastSuccessAt")
        return warning(
            f"failed {failures} times in a row, since {text(since) if since else 'ever'}: "
            f"{found.get('error')}",
            "fix what is named above; the next run, within five minutes, shows whether it helped",
        )
    return ok(f"at {text(sent)}, in {found.get('delayMs')} ms")


def _due(deployment: Deployment) -> Finding:
    now = datetime.now(UTC)
    with explained_firestore(deployment.project):
        last = due.Sweep.last()
    if last.is_late(now):
        ran = f"last completed a run at {text(last.at)}" if last.at else "has never completed a run"
        return broken(f"run_due {ran}: expired shares may go on", _jobs(deployment))
    if last.is_behind(now):
        return warning(
            f"something is due since {text(last.oldest_due_at)}: run_due fails at it, or has too "
            "much to do",
            deployment.logs("run_due", "warning"),
        )
    return ok(f"at {text(last.at)}")


def _jobs(deployment: Deployment) -> str:
    return (
        f"gcloud scheduler jobs list --project {deployment.project} --location "
        f"{deployment.region}; if it is not there: {deployment.deploy('functions')}"
    )


def _clocks(deployment: Deployment) -> Finding:
    """The clocks of this machine, of Particle and of Google; each may be wrong."""
    others = {"Particle": deployment.particle_url}
    if not deployment.local:
        others["Google"] = _GOOGLE
    ahead = {name: _ahead(url) for name, url in others.items()}
    known = {name: seconds for name, seconds in ahead.items() if seconds is not None}
    if not known:
        return warning("no server shows the time", "check the network")
    shown = ", ".join(f"{name} {seconds:+.0f} s" for name, seconds in known.items())
    if any(abs(seconds) > SKEW.total_seconds() for seconds in known.values()):
        return warning(f"against this machine's: {shown}", _clock_fix(known))
    return ok(f"against this machine's: {shown}")


def _clock_fix(ahead: dict[str, float]) -> str:
    """If the other clocks agree, this machine's clock is the wrong one."""
    if len(ahead) > 1 and max(ahead.values()) - min(ahead.values()) > SKEW.total_seconds():
        wrong = max(ahead, key=lambda name: abs(ahead[name]))
        return f"{wrong}'s clock is probably wrong: all you can do is to report it to them"
    where = {
        "darwin": "System Settings, General, Date & Time",
        "win32": "Settings, Time & language",
    }.get(sys.platform, "the settings of date and time")
    return f"let this machine set its clock by the network ({where}), then run this again"


def _ahead(url: str) -> float | None:
    """Seconds that a server's clock is ahead of ours, to one second; None if it shows no time."""
    session = requests.Session()
    session.trust_env = False
    try:
        before = time.time()
        answer = session.head(url, timeout=10)
        now = (before + time.time()) / 2
        return email.utils.parsedate_to_datetime(answer.headers["Date"]).timestamp() + 0.5 - now
    except (requests.RequestException, KeyError, ValueError):
        return None


CANARY = Link(
    "canary",
    _canary,
    needs=("Firestore", "functions", "topic", "publisher", "subscription", "integrations"),
)
EVENTS = Link("events", _events, needs=("Firestore",))
SCHEDULED = Link(
    "scheduled check",
    _scheduled,
    needs=("Firestore",),
    cloud_only="Cloud Scheduler has no emulator",
)
DUE = Link("due", _due, needs=("Firestore",), cloud_only="Cloud Scheduler has no emulator")
CLOCKS = Link("clocks", _clocks, needs=("settings",))
