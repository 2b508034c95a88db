"""Looks at each stored event whether it may change an alert; if so, has the alert judged.

The look costs nothing: the alerts are remembered, and the event's own commit returns the device's
`alertsVersion`, which counts every change of an alert's rule or state. When the version is the
remembered one, so were the rules and states at the moment of the commit. Otherwise they are loaded.

A process may crash between an event's commit and the judgement. The message is then delivered
again, and the copy is looked at, too.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from shared.cache import Cache
from shared.firestore import paths
from shared.telemetry import system_events
from shared.telemetry.alerts.judgement import Subject, judge, readings_of
from shared.telemetry.alerts.rule import Silence
from shared.telemetry.alerts.state import Reading, may_change
from shared.telemetry.alerts.stored import Alert, readable
from shared.telemetry.batch import ALERTS_VERSION as VERSION
from shared.telemetry.message import Event
from shared.telemetry.series import Sample
from shared.telemetry.tenure import Tenure

TOO_LATE = timedelta(hours=24)
"""An event that is older when it arrives changes no alert."""
MAX_KNOWN = 5_000
"""Devices whose alerts an instance remembers."""


class _Known(NamedTuple):
    version: int
    alerts: Sequence[Alert]


class Watch:
    """What an instance remembers of the alerts of devices; safe for threads."""

    def __init__(self) -> None:
        """Begin with an empty memory."""
        self._known: Cache[Subject, _Known] = Cache(MAX_KNOWN)

    def consider(
        self, event: Event, samples: Sequence[Sample] | None, tenure: Tenure, version: int | None
    ) -> None:
        """Judge the alerts that a stored event may change.

        `version` is that of the device's alerts at the event's commit, or later; None when it is
        not known. Raises `OvertakenError`, and what Firestore raises.
        """
        subject = Subject(tenure.uid, event.device_id, tenure.epoch)
        if version is None:
            version = (subject.device.get([VERSION]).to_dict() or {}).get(VERSION, 0)
        if not version or datetime.now(UTC) - event.published_at > TOO_LATE:
            return  # the device has never had an alert, or it is too late
        readings = readings_of(event.value, event.published_at, event.id, samples)
        # A judgement sees the whole of an event; the first of its samples is where it begins.
        begin = min((one.at for one in readings), default=event.published_at)
        alerts = self._alerts(subject, version)
        todo = [alert.id for alert in alerts if _may_change(alert, event, readings)]
        if todo:
            judge(subject, todo, begin)

    def _alerts(self, subject: Subject, version: int) -> Sequence[Alert]:
        known = self._known.get(subject)
        if known is None or known.version != version:
            known = _Known(version, load(subject))
            self._known.put(subject, known)
        return known.alerts


def load(subject: Subject) -> list[Alert]:
    """A device's alerts of this tenure that are switched on; one query."""
    alerts = readable(subject.device.collection(paths.ALERTS).stream())
    return [one for one in alerts if one.enabled and one.epoch == subject.epoch]


def _may_change(alert: Alert, event: Event, readings: Sequence[Reading]) -> bool:
    if isinstance(alert.rule, Silence) and alert.rule.event is None:
        concerned = system_events.is_sign_of_life(event.name, event.value)
    else:
        concerned = alert.rule.event == event.name
    return concerned and may_change(alert.rule, alert.status, readings)
