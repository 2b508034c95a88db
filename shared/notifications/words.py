"""What a notification says, in the recipient's language: German, or else English.

Names that customers have chosen come into a fixed text through `mail.shown`, since a guest may get
what the owner has written.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from shared import mail, times
from shared.notifications.sending import Notification

_LONGEST_VALUE = 60


@dataclass(frozen=True)
class _Words:
    some_device: str
    some_alert: str
    severity: dict[str, str]
    fires: str
    over: str
    was: str
    """It has fired and is over."""
    reminder: str
    flapping: str
    suspect: str
    value: str
    at: str
    digest: str
    open: str
    why: str


_WORDS = {
    "en": _Words(
        some_device="Device",
        some_alert="Alert",
        severity={"info": "Note", "warning": "Warning", "critical": "Critical"},
        fires="{severity}: {alert} ({device})",
        over="Over: {alert} ({device})",
        was="Over again: {alert} ({device})",
        reminder="Still: {alert} ({device})",
        flapping="Switched off: {alert} ({device})",
        suspect="Nothing arrives from other devices either, so the device may not be at fault.",
        value="Value: {}",
        at="Since: {}",
        digest="{} alerts in your quiet hours",
        open="Open the device:",
        why="You get this mail because you are notified of this device. Your account has the "
        "settings for it.",
    ),
    "de": _Words(
        some_device="Gerät",
        some_alert="Alarm",
        severity={"info": "Hinweis", "warning": "Warnung", "critical": "Kritisch"},
        fires="{severity}: {alert} ({device})",
        over="Vorbei: {alert} ({device})",
        was="Wieder vorbei: {alert} ({device})",
        reminder="Noch immer: {alert} ({device})",
        flapping="Abgeschaltet: {alert} ({device})",
        suspect="Auch von anderen Geräten kommt nichts an; vielleicht liegt es nicht am Gerät.",
        value="Wert: {}",
        at="Seit: {}",
        digest="{} Alarme in Ihrer Ruhezeit",
        open="Das Gerät öffnen:",
        why="Sie bekommen diese Mail, weil Sie für dieses Gerät benachrichtigt werden. Die "
        "Einstellungen dafür stehen in Ihrem Konto.",
    ),
}


def title(one: Notification) -> str:
    """What it says in a line."""
    words, entry = _of(one), one.entry
    names = {
        "alert": mail.shown(str(entry["name"])) or words.some_alert,
        "device": mail.shown(one.device_name) or words.some_device,
        "severity": words.severity[entry["severity"]],
    }
    if entry.get("disabledReason"):
        return words.flapping.format(**names)
    if entry.get("reminder"):
        return words.reminder.format(**names)
    if entry["to"] == "firing":
        return words.fires.format(**names)
    return (words.over if entry["from"] == "firing" else words.was).format(**names)


def details(one: Notification) -> str:
    """What else there is to know, in lines."""
    words, entry = _of(one), one.entry
    steps = entry["steps"]
    lines = []
    if steps:
        step: Mapping[str, Any] = steps[-1]
        if step["value"] is not None:
            lines.append(words.value.format(mail.shown(_value(step["value"])) or "?"))
        lines.append(words.at.format(_time(step["at"], one.time_zone)))
    if entry.get("suspect"):
        lines.append(words.suspect)
    return "\n".join(lines)


def subject(notifications: list[Notification]) -> str:
    """Of a mail with one notification or more."""
    if len(notifications) == 1:
        return title(notifications[0])
    return _of(notifications[0]).digest.format(len(notifications))


def text(notifications: list[Notification], link: str) -> str:
    """Of the same mail; `link` has the place of a device's id."""
    words = _of(notifications[0])
    parts = []
    for one in sorted(notifications, key=lambda one: one.entry["at"]):
        parts += [title(one), details(one)]
        parts.append(f"{words.open}\n{link.format(one.device_id)}")
    return "\n\n".join([*filter(None, parts), words.why]) + "\n"


def _of(one: Notification) -> _Words:
    return _WORDS["de" if one.locale.lower().startswith("de") else "en"]


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.6g}" if isinstance(value, float) else str(value)[:_LONGEST_VALUE]


def _time(at: datetime, zone: str) -> str:
    """A time where the recipient lives, as far as that is known."""
    local = at.astimezone(times.zone(zone) or UTC)
    return f"{local:%Y-%m-%d %H:%M} {local.tzname()}"
