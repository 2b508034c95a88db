"""The only source of the callables' pages: the purpose of each, its answer, and example requests.

Names, types and limits of requests are not here: they are read from the functions themselves. The
examples use the demo's fleet, in an order in which one customer can make them one after the other.
Tests do that in JavaScript and with curl.
"""

from dataclasses import dataclass, field
from typing import Any, Final


@dataclass(frozen=True)
class Variable:
    """A value that the caller has in a variable, spelt as is usual in each language."""

    name: str
    """In camel case."""


@dataclass(frozen=True)
class Field:
    """A field of an answer."""

    name: str
    kind: str
    """`text`, `time`, `integer`, `texts`, `object`, `objects` or `any`."""
    says: str
    optional: bool = False
    """May be absent or null."""


@dataclass(frozen=True)
class Example:
    """An example request, and what it shows."""

    shows: str
    request: dict[str, Any]


@dataclass(frozen=True)
class Function:
    """A callable."""

    name: str
    purpose: str
    says: dict[str, str]
    """The meaning of each field of the request."""
    answer: tuple[Field, ...]
    reasons: tuple[str, ...]
    """In addition to `EVERYWHERE`."""
    examples: tuple[Example, ...]
    remarks: tuple[str, ...] = field(default=())


EVERYWHERE: Final = (
    "sign-in-required",
    "app-check-required",
    "anonymous",
    "email-unverified",
    "bad-request",
    "too-many-attempts",
    "try-again",
    "internal",
)
"""Reasons with which any callable may fail."""

PARTICLE: Final = ("particle-unavailable", "particle-rate-limited")
_CLAIM: Final = (
    "wrong-serial-or-code",
    "unknown-serial",
    "claimed-by-another",
    "in-progress",
    "customer-not-ready",
    "device-not-ready",
    *PARTICLE,
)

DEVICE_ID: Final = Variable("deviceId")
REQUEST_ID: Final = Variable("requestId")
COMMAND_ID: Final = Variable("commandId")
SCHEDULE_ID: Final = Variable("scheduleId")
WEBHOOK_ID: Final = Variable("webhookId")
ALERT_ID: Final = Variable("alertId")
INVITATION_ID: Final = Variable("invitationId")
GUEST_UID: Final = Variable("guestUid")
TOKEN: Final = Variable("token")

_SERIAL_NUMBER: Final = (
    "As printed on the label. Case, white space, hyphens and invisible characters do not matter."
)
_SETUP_CODE: Final = f"{_SERIAL_NUMBER} Required unless `REQUIRE_SETUP_CODE` is off."
_YOURS: Final = "One of the caller's devices: an id from `list_devices`."
_USABLE: Final = "A device of the caller's, or one that is shared with them."
_SHARED: Final = "A device of the caller's, or one that they manage."
_CONTROLLED: Final = "A device of the caller's, or one that they control."
_ALERT_ID: Final = "The id that `save_alert` returned."
_WEBHOOK_ID: Final = "The id that `save_webhook` returned."
_SHARING: Final = ("not-your-device", "role-too-low", "in-progress")
_ACCEPT: Final = ("unknown-invitation", "other-address", "own-device", "in-progress")
_LINK_TOKEN: Final = "What is in the link behind `#`."  # noqa: S105 - a text

FUNCTIONS: Final = (
    Function(
        "claim_device",
        "Makes the caller the owner of a device. The caller proves possession with what is printed "
        "on the label. In access mode `customer` the caller then owns the device at Particle too, "
        "whoever owned it there before. Claiming a device that the caller already owns succeeds "
        "again, so an app may repeat the request when the answer was lost. It also ends what a "
        "stranger has claimed of the device at Particle.",
        {
            "serialNumber": _SERIAL_NUMBER,
            "deviceId": "Instead of the serial number: the device's id at Particle.",
            "setupCode": _SETUP_CODE,
            "name": "The owner's name for the device, with at least one visible character. Without "
            "one, it is the serial number.",
        },
        (
            Field("deviceId", "text", "The device's id at Particle and in every other call."),
            Field("name", "text", "The name that the owner sees."),
            Field("serialNumber", "text", "As printed on the label."),
            Field("claimedAt", "time", "The caller gets the events published from this time on."),
        ),
        ("device-offline", *_CLAIM),
        (
            Example(
                "By the label",
                {"serialNumber": "TH-2040-0118", "setupCode": "9RWH-C3NE", "name": "Workshop"},
            ),
        ),
    ),
    Function(
        "create_claim_code",
        "Creates a code for a device that is set up over Wi-Fi. The app hands the code to the "
        "device, and the device presents it to Particle. The device appears below "
        "`users/{uid}/devices` as soon as it publishes anything, or with the next `claim_device` "
        "or `list_devices` with `refresh`. Only in access mode `customer`.",
        {"serialNumber": _SERIAL_NUMBER, "setupCode": _SETUP_CODE},
        (
            Field("claimCode", "text", "The code that the device presents to Particle."),
            Field("expiresAt", "time", "One hour from now."),
        ),
        ("not-in-this-mode", *_CLAIM),
        (
            Example(
                "For a device that is not set up yet",
                {"serialNumber": "TH-2040-0119", "setupCode": "VX4D-7JPM"},
            ),
        ),
    ),
    Function(
        "list_devices",
        "Lists the caller's devices, sorted by name. An app that shows them live reads "
        "`users/{uid}/devices` instead. Use this function where Firestore is not available, and to "
        "ask Particle which devices are online at this moment.",
        {
            "refresh": "Ask Particle: each device then also has `online`. An answer is reused for "
            "five seconds, or for half a second per device when there are more than ten."
        },
        (
            Field(
                "devices",
                "objects",
                "`{deviceId, name, serialNumber, productId, platformId, firmwareVersion, "
                "claimedAt, claimEpoch, status, statusAt, lastSeenAt, online?}`. `online` is what "
                "Particle assumes at this moment (it notices a lost device after about 50 s on "
                "Wi-Fi and up to 46 minutes on cellular), or `null` for a device that is not in "
                "the product at Particle.",
            ),
            Field(
                "shared",
                "objects",
                "The devices that others share with the caller: the same fields without `online`, "
                "and `ownerUid`, `ownerName`, `role` (`viewer`, `controller` or `manager`), "
                "`expiresAt` (or `null`).",
            ),
        ),
        PARTICLE,
        (Example("With the devices that are online", {"refresh": True}),),
    ),
    Function(
        "rename_device",
        "Changes the owner's own name for a device. Particle never gets this name, and it is "
        "deleted when the ownership ends. A guest who manages the device may change it too.",
        {"deviceId": _SHARED, "name": "The new name, with at least one visible character."},
        (
            Field("deviceId", "text", "The same id."),
            Field("name", "text", "The new name."),
        ),
        _SHARING,
        (Example("", {"deviceId": DEVICE_ID, "name": "Cellar"}),),
    ),
    Function(
        "share_device",
        "Invites somebody to a device. Whoever accepts becomes a guest with a role: a `viewer` "
        "sees the device, its history and its variables; a `controller` calls its functions too; a "
        "`manager` also renames it and shares it with viewers and controllers. A guest never gets "
        "a token of Particle for the device, and the owner sees in their activity what guests do. "
        "The link works once.",
        {
            "deviceId": _SHARED,
            "role": "What the guest may do. Only the owner can invite a `manager`.",
            "email": "Only a customer with this verified address can accept. The link is mailed to "
            "it, where the product sends mails; then the caller's own address must be verified. "
            "Without it, whoever has the link can accept.",
            "expiresAt": "When the share ends; without it, the share has no end.",
            "validFor": "How long the link works, in seconds; a week by default.",
        },
        (
            Field("invitationId", "text", "For `cancel_invitation`."),
            Field(
                "link",
                "text",
                "The page of the web app that accepts, with the token behind `#`. Only the path if "
                "the setting `SITE_URL` is empty. The token is stored nowhere.",
            ),
            Field("mailed", "flag", "Whether the mail server has accepted the mail."),
            Field("expiresAt", "time", "When the link expires."),
        ),
        (*_SHARING, "not-allowed", "too-many"),
        (
            Example("For good, by a link", {"deviceId": DEVICE_ID, "role": "controller"}),
            Example(
                "Until a date",
                {"deviceId": DEVICE_ID, "role": "viewer", "expiresAt": "2099-12-31T12:00:00Z"},
            ),
        ),
        (
            (
                "`not-allowed` means that the operator has blocked the device. A device has at "
                "most 20 guests and 20 open invitations, and a customer uses at most 100 devices "
                "of others: `too-many` has the `limit`."
            ),
        ),
    ),
    Function(
        "cancel_invitation",
        "Lets the link of an invitation work no longer. The owner can cancel every invitation, and "
        "a manager those that they could have made.",
        {"deviceId": _SHARED, "invitationId": "The id that `share_device` returned."},
        (),
        _SHARING,
        (Example("", {"deviceId": DEVICE_ID, "invitationId": INVITATION_ID}),),
        ("An invitation that was used or cancelled before is no failure.",),
    ),
    Function(
        "change_share",
        "Changes what a guest may do, or until when. The owner changes every share, a manager "
        "those of viewers and controllers. What the new role does not include ends at once: calls "
        "of the guest that wait, and invitations that they have made.",
        {
            "deviceId": _SHARED,
            "uid": "The guest's uid: the id of the document below `…/devices/{deviceId}/shares`.",
            "role": "The new role.",
            "expiresAt": "When the share ends.",
            "noEnd": "The share has no end any more.",
        },
        (
            Field("uid", "text", "The same uid."),
            Field("role", "text", "The role as it is now."),
            Field("expiresAt", "time", "When the share ends; `null`: never.", optional=True),
        ),
        (*_SHARING, "unknown-share"),
        (Example("", {"deviceId": DEVICE_ID, "uid": GUEST_UID, "role": "viewer"}),),
    ),
    Function(
        "end_share",
        "Takes a guest's share away, or leaves a device that another shares with the caller. At "
        "once the guest can read and call nothing of it, open listeners end, and calls of the "
        "guest that wait are cancelled.",
        {
            "deviceId": _USABLE,
            "uid": "The guest's uid; without it, the caller's own share ends.",
        },
        (Field("endedAt", "time", "Now. A share that had ended before is no failure."),),
        _SHARING,
        (Example("", {"deviceId": DEVICE_ID, "uid": GUEST_UID}),),
        (
            (
                "What a guest has seen may stay on their own device: see "
                "[Sharing](../concepts.md#sharing)."
            ),
        ),
    ),
    Function(
        "accept_invitation",
        "Makes the caller a guest of the device that a link from `share_device` offers. Accepting "
        "again succeeds again, for the one who has accepted.",
        {"token": _LINK_TOKEN},
        (
            Field("deviceId", "text", "The device's id."),
            Field("ownerUid", "text", "Read the device at `users/{ownerUid}/devices/{deviceId}`."),
            Field("role", "text", "`viewer`, `controller` or `manager`."),
            Field("expiresAt", "time", "When the share ends; `null`: never.", optional=True),
        ),
        (*_ACCEPT, "too-many"),
        (Example("", {"token": TOKEN}),),
        (
            (
                "`unknown-invitation` is the one answer for a link that is wrong, used, cancelled "
                "or expired, and for a device that has changed hands. `other-address` has a `hint` "
                "of the address that the invitation is for: sign in with that one, and verify it."
            ),
        ),
    ),
    Function(
        "save_alert",
        "Makes an alert of a device, or replaces the rule of one. An alert watches a value, or "
        "whether the device is heard; it fires once, ends once, and whoever uses the device is "
        "told: see [Alerts](../concepts.md#alerts). If the newest value breaks the rule, the alert "
        "fires at once.",
        {
            "deviceId": _SHARED,
            "alertId": "Which alert to change; all fields are given again. Without it, a new one "
            "is made.",
            "name": "What people call it, with at least one visible character.",
            "kind": "`threshold` watches a value, `silence` whether the device is heard.",
            "severity": "How bad it is. A `critical` alert is reported in quiet hours too, and "
            "again until somebody acknowledges it.",
            "enabled": "`false` keeps the alert and lets it rest. On by default.",
            "event": "The event whose value is watched. For `silence`: the event that is missed; "
            "without it, any sign of life counts.",
            "metric": "The path of a value in an object, its keys joined with `.`; without it, the "
            "whole value.",
            "op": "When the value breaks the rule.",
            "value": "What it is compared with: a number for `above` and `below`. A value of "
            "another type neither breaks the rule nor keeps it.",
            "clear": "For `above` and `below`: how far the value has to come back until the alert "
            "is over; at `value` by default.",
            "forSeconds": "How long the rule has to be broken, by the times of publishing; 0 by "
            "default.",
            "silentSeconds": "How long nothing may be heard.",
            "remindHours": "How often a critical alert is reported again while it fires and nobody "
            "has acknowledged it; 4 by default, 0 for never.",
        },
        (
            Field("alertId", "text", "The id of the document below `…/devices/{deviceId}/alerts`."),
            Field("state", "text", "`normal`, `pending` or `firing`."),
        ),
        (*_SHARING, "unknown-alert", "too-many"),
        (
            Example(
                "Too warm for ten minutes",
                {
                    "deviceId": DEVICE_ID,
                    "name": "Too warm",
                    "kind": "threshold",
                    "event": "temperature",
                    "op": "above",
                    "value": 28,
                    "clear": 26,
                    "forSeconds": 600,
                },
            ),
            Example(
                "Not heard for an hour",
                {
                    "deviceId": DEVICE_ID,
                    "name": "No contact",
                    "kind": "silence",
                    "silentSeconds": 3600,
                    "severity": "critical",
                },
            ),
        ),
        ("A device has at most 20 alerts: `too-many` has the `limit`.",),
    ),
    Function(
        "acknowledge_alert",
        "Says that somebody sees to an alert that fires: nobody is reminded of it any more. Guests "
        "who control the device may do it, too.",
        {"deviceId": _CONTROLLED, "alertId": _ALERT_ID},
        (Field("acknowledgedAt", "time", "When somebody did so first."),),
        (*_SHARING, "unknown-alert", "not-firing"),
        (),
        ("When the alert fires the next time, it has to be acknowledged anew.",),
    ),
    Function(
        "delete_alert",
        "Deletes an alert. The log of the device keeps what it has reported.",
        {"deviceId": _SHARED, "alertId": _ALERT_ID},
        (),
        _SHARING,
        (Example("", {"deviceId": DEVICE_ID, "alertId": ALERT_ID}),),
        ("An alert that does not exist is no failure.",),
    ),
    Function(
        "save_schedule",
        "Makes a schedule of a device, or replaces one: a function is called at times of the day, "
        "where the device is. A time of the day keeps its hour when the clocks change. See "
        "[Schedules](../concepts.md#schedules).",
        {
            "deviceId": _SHARED,
            "scheduleId": "Which schedule to change; all fields are given again. Without it, a new "
            "one is made.",
            "name": "What people call it, with at least one visible character.",
            "function": "The function to be called. It must be offered, now and at each run.",
            "argument": "Its argument.",
            "kind": "`time` at a time of the day, `sunrise` or `sunset` at a place, `once` at a "
            "moment.",
            "timeZone": "A name such as `Europe/Vienna`.",
            "time": "Of `time`: the hour and the minute, `HH:MM`.",
            "days": "The days of the week by the local date, 1 for Monday to 7; without it, every "
            "day.",
            "at": "Of `once`: when.",
            "latitude": "Of `sunrise` and `sunset`: where, in degrees, north is positive.",
            "longitude": "The same, east is positive.",
            "offsetMinutes": "How much later than the sun; negative: earlier.",
            "enabled": "`false` keeps the schedule and lets it rest. On by default.",
            "whenOffline": "`queue` lets the call wait for a device that is offline; otherwise it "
            "fails.",
            "expiresIn": "How long it waits then, in seconds; an hour by default.",
        },
        (
            Field(
                "scheduleId", "text", "The document's id below `…/devices/{deviceId}/schedules`."
            ),
            Field("dueAt", "time", "When it is due next; `null`: never.", optional=True),
        ),
        (*_SHARING, "not-allowed", "unknown-schedule", "too-many"),
        (
            Example(
                "At six on working days",
                {
                    "deviceId": DEVICE_ID,
                    "name": "Morning",
                    "function": "set_target",
                    "argument": "21",
                    "kind": "time",
                    "time": "06:00",
                    "timeZone": "Europe/Vienna",
                    "days": [1, 2, 3, 4, 5],
                },
            ),
            Example(
                "Half an hour before sunset, every day",
                {
                    "deviceId": DEVICE_ID,
                    "name": "Evening",
                    "function": "set_target",
                    "argument": "19",
                    "kind": "sunset",
                    "timeZone": "Europe/Vienna",
                    "latitude": 48.2,
                    "longitude": 16.4,
                    "offsetMinutes": -30,
                },
            ),
        ),
        ("A device has at most 20 schedules: `too-many` has the `limit`.",),
    ),
    Function(
        "delete_schedule",
        "Deletes a schedule. A run that has begun goes on.",
        {"deviceId": _SHARED, "scheduleId": "The id that `save_schedule` returned."},
        (),
        _SHARING,
        (Example("", {"deviceId": DEVICE_ID, "scheduleId": SCHEDULE_ID}),),
        ("A schedule that does not exist is no failure.",),
    ),
    Function(
        "pause_schedules",
        "Lets all schedules of a device rest until a time, or those of all devices that the caller "
        "owns: for a holiday. What is due meanwhile is left out.",
        {
            "deviceId": f"{_SHARED} Without it, all of the caller's own.",
            "until": "Until when; without it, they rest no longer.",
        },
        (Field("pausedUntil", "time", "As it is then; `null`: they do not rest.", optional=True),),
        _SHARING,
        (Example("", {"deviceId": DEVICE_ID, "until": "2099-12-31T12:00:00Z"}),),
    ),
    Function(
        "save_notifications",
        "Changes what the caller is told of [alerts](../concepts.md#alerts), and how. Without a "
        "field, that stays as it is.",
        {
            "email": "Mails to the caller's address, if it is verified. On by default. A mail "
            "server that refuses the address ends them; `true` tries again.",
            "push": "Notifications on the caller's phones and browsers. On by default.",
            "devices": "For each device whether they are told of it. By default, of their own "
            "devices and not of those that others share with them.",
            "quietHours": "`{from, to, timeZone}`: from when to when, as `HH:MM`, only critical "
            "alerts are reported. The others are, in one message, when these hours are over. They "
            "go over midnight if they end before they begin. `timeZone` is a name such as "
            "`Europe/Vienna`.",
            "noQuietHours": "There are no quiet hours any more.",
        },
        (
            Field("email", "flag", "As it is then."),
            Field("push", "flag", "As it is then."),
            Field(
                "devices", "object", "The devices for which something else than the default holds."
            ),
            Field("quietHours", "object", "As it is then; `null`: none.", optional=True),
        ),
        (),
        (Example("No mails", {"email": False}),),
    ),
    Function(
        "save_webhook",
        "Makes a webhook, or changes one: a receiver of the caller's own that hears of the "
        "[alerts](../concepts.md#alerts) of their devices. Messages follow the "
        "[Standard Webhooks](https://www.standardwebhooks.com) specification.",
        {
            "url": "An address like `https://example.com/alerts`: a public server's name, and port "
            "443 or one from 1024 on.",
            "webhookId": "Which webhook to change; all fields are given again. Without it, a new "
            "one is made.",
            "types": "What it hears of: `alert.fired`, `alert.cleared`; without it, both.",
            "enabled": "`false` keeps the webhook and posts nothing. On by default.",
            "rotate": "It gets a new secret. For 24 hours both secrets sign.",
        },
        (
            Field("webhookId", "text", "The id of the document below `users/{uid}/webhooks`."),
            Field(
                "secret",
                "text",
                "With it the receiver verifies messages. Only of a new webhook, or after a "
                "rotation: it is stored nowhere.",
                optional=True,
            ),
        ),
        ("unknown-webhook", "too-many"),
        (Example("", {"url": "https://example.com/alerts"}),),
        (
            (
                "A message is repeated for three days until the receiver answers 2xx; each has the "
                "same `webhook-id`. A receiver that answers 410, or has failed for five days, is "
                "switched off. A customer has at most 5 webhooks: `too-many` has the `limit`."
            ),
        ),
    ),
    Function(
        "test_webhook",
        "Posts a message of the type `test` to a webhook's receiver.",
        {"webhookId": _WEBHOOK_ID},
        (Field("status", "integer", "That of the answer; `null`: there was none.", optional=True),),
        ("unknown-webhook",),
        (),
    ),
    Function(
        "delete_webhook",
        "Deletes a webhook. Messages that wait for it are dropped.",
        {"webhookId": _WEBHOOK_ID},
        (),
        (),
        (Example("", {"webhookId": WEBHOOK_ID}),),
        ("A webhook that does not exist is no failure.",),
    ),
    Function(
        "offer_transfer",
        "Offers a device to somebody for good, without its label. Whoever accepts becomes the "
        "owner. An earlier offer of the device ends.",
        {
            "deviceId": _YOURS,
            "email": "Only a customer with this verified address can accept. Without it, whoever "
            "has the link can.",
        },
        (
            Field("transferId", "text", "The id of the offer."),
            Field("link", "text", "As that of `share_device`, for another page."),
            Field("expiresAt", "time", "When the link expires: 72 hours from now."),
        ),
        (*_SHARING, "not-allowed", "too-many"),
        (Example("", {"deviceId": DEVICE_ID}),),
        ("Only the owner can offer a device; a manager is answered `role-too-low`.",),
    ),
    Function(
        "cancel_transfer",
        "Withdraws the offer of a device.",
        {"deviceId": _YOURS},
        (),
        _SHARING,
        (Example("", {"deviceId": DEVICE_ID}),),
    ),
    Function(
        "accept_transfer",
        "Makes the caller the owner of a device that its owner has offered. As after a release, "
        "the history begins anew, and all shares, invitations and waiting calls end. At Particle "
        "the device changes hands too; if Particle does not answer, a job does that later.",
        {"token": _LINK_TOKEN},
        (
            Field("deviceId", "text", "The device's id."),
            Field("name", "text", "The serial number, until the new owner changes it."),
            Field("serialNumber", "text", "As printed on the label."),
            Field("claimedAt", "time", "The caller gets the events published from this time on."),
        ),
        (*_ACCEPT, "customer-not-ready", *PARTICLE),
        (Example("", {"token": TOKEN}),),
        ("`in-progress` means that a call is under way, or a change at Particle: try again.",),
    ),
    Function(
        "invoke_function",
        "Calls a function of the device's firmware. To change a variable, call the function that "
        "sets it: Particle offers no other way.",
        {
            "deviceId": _USABLE,
            "function": "A function's name in the firmware.",
            "argument": "The function's argument; empty by default.",
            "requestId": "An id of your choice, such as a UUID for each press of a button. With it "
            "the device is called only once, however often the request is sent, and every "
            "repetition gets the answer of the first request, as long as its record is kept "
            "(`COMMAND_RETENTION_DAYS`, 400 by default).",
            "whenOffline": "`queue`: if the device is offline, the call waits until it is back.",
            "expiresIn": "How long a queued call may wait, in seconds; 3600 by default.",
            "coalesce": "The call replaces earlier queued calls of the same function.",
        },
        (
            Field(
                "commandId",
                "text",
                "Its record is `users/{uid}/commands/{commandId}`, in the tree of the "
                "device's owner.",
            ),
            Field(
                "status",
                "text",
                "`succeeded`, `queued`, or `cancelled` when a later call replaced this one.",
            ),
            Field(
                "returnValue",
                "integer",
                "The firmware's return value, a 32-bit integer; see below for values that mean a "
                "refusal. `null` while the call is queued.",
                optional=True,
            ),
        ),
        (
            "not-allowed",
            "not-your-device",
            "role-too-low",
            "unknown-function",
            "device-not-ready",
            "device-offline",
            "device-timeout",
            "in-progress",
            *PARTICLE,
        ),
        (
            Example(
                "Now",
                {
                    "deviceId": DEVICE_ID,
                    "function": "set_target",
                    "argument": "21.5",
                    "requestId": REQUEST_ID,
                },
            ),
            Example(
                "When the device is back, within the hour, and only the latest call",
                {
                    "deviceId": DEVICE_ID,
                    "function": "set_target",
                    "argument": "18",
                    "whenOffline": "queue",
                    "expiresIn": 3600,
                    "coalesce": True,
                },
            ),
        ),
        (
            (
                "`succeeded` means that the function ran and answered, not that the device did "
                "what was asked. Much firmware answers a negative number when it refuses, such as "
                "`-1` for an argument that it does not understand. Only you know what your "
                "firmware's answers mean: check `returnValue`, and do not show a refusal as a "
                "success. In the web app each control says which answers are refusals "
                "(`refuses`, [negative ones](../web.md#your-products-kinds) by default) and what "
                "they mean (`refusals`). The record in `commands` holds the same `status` and "
                "`returnValue`, also of calls that were queued."
            ),
            (
                "`device-offline` means that the call definitely did not run. `device-timeout` "
                "means that it may have run. The server never repeats such a call, and the "
                "command's status is `unknown`. Before you call again, find out what the device "
                "did: read a variable, or wait for its next event."
            ),
            (
                "The argument is measured in bytes of UTF-8: at most 1024, 864 on a Photon, P1 or "
                "Electron, and fewer if `offer.json` says so. A longer argument is refused with "
                "`bad-request`, and so is whatever Particle refuses as wrong in itself. The call "
                "did not run, and repeating it does not help."
            ),
            (
                "Only a call that definitely did not run is queued. Up to 20 calls can wait for "
                "one device, at most 5 of one guest, and they are sent in order. While calls are "
                "waiting, a new call with `queue` goes behind them, even when the device is "
                "online; when 20 are waiting, it is refused with "
                "`device-offline`. A call with `fail` does not wait for them. A "
                "call with `coalesce` that a later call of the same function has overtaken becomes "
                "`cancelled` instead of queued. `offer.json` is checked again when a queued call "
                "is sent. A queued call that is refused then becomes `failed`, and the next one is "
                "sent. A call that cannot be sent at the moment keeps its place until it expires."
            ),
        ),
    ),
    Function(
        "cancel_command",
        "Cancels a call that waits for its device.",
        {
            "commandId": "The id that `invoke_function` returned.",
            "deviceId": "Needed for a call of a device that another customer shares: a guest "
            "cancels their own calls, a manager everybody's.",
        },
        (
            Field("commandId", "text", "The same id."),
            Field(
                "status",
                "text",
                "`cancelled`, or the status of the call when it was too late to cancel it.",
            ),
        ),
        ("unknown-command", "role-too-low", "in-progress"),
        (Example("", {"commandId": COMMAND_ID}),),
    ),
    Function(
        "read_variable",
        "Reads a variable from the device. What a device publishes is in Firestore already, where "
        "reading it costs no data operation at Particle. Prefer that for values that your app "
        "shows all the time.",
        {
            "deviceId": _USABLE,
            "variable": "A variable's name in the firmware.",
            "maxAge": "In seconds: the answer may be a value that the same customer read at most "
            "this long ago.",
        },
        (
            Field("value", "any", "A number, a text or a boolean, as in the firmware."),
            Field("readAt", "time", "When the value was read from the device."),
        ),
        (
            "not-allowed",
            "not-your-device",
            "unknown-variable",
            "device-not-ready",
            "device-offline",
            "device-timeout",
            *PARTICLE,
        ),
        (Example("", {"deviceId": DEVICE_ID, "variable": "target", "maxAge": 10}),),
    ),
    Function(
        "mint_token",
        "Returns an access token with which the app can call the Particle API itself, as the "
        "caller's shadow customer. The token gives access to the devices that this customer owns "
        "at Particle, on the user routes, and to nothing else. `offer.json`, the queue and the "
        "activity do not cover such calls. Only for a caller who owns a device or has a valid "
        "claim code for one, only in access mode `customer`, and not when `CUSTOMER_TOKENS` is "
        "off.",
        {},
        (
            Field("accessToken", "text", "Send it as `Authorization: Bearer …`."),
            Field("expiresAt", "time", "55 to 60 minutes from now."),
            Field("customerId", "text", "The shadow customer's user name at Particle."),
        ),
        ("not-in-this-mode", "no-device", "customer-not-ready", "in-progress", *PARTICLE),
        (Example("", {}),),
        (
            "A later call may return the same token while that token has 55 minutes left.",
            "A customer gets at most five new tokens in five minutes.",
            "Particle answers 401 for a token that has been ended: call `mint_token` again.",
        ),
    ),
    Function(
        "revoke_tokens",
        "Ends all tokens that the caller's apps have got from `mint_token`, on every device and "
        "from every instance. Only in access mode `customer`.",
        {},
        (),
        ("not-in-this-mode", "customer-not-ready"),
        (Example("", {}),),
        (
            (
                "The tokens are dead when the answer arrives. If Particle does not answer, or the "
                "budget of token requests is used up, a job ends them as soon as possible; no "
                "token lives longer than an hour anyway."
            ),
        ),
    ),
    Function(
        "export_account",
        "Returns everything that is stored about the caller, in pages: the sign-in account, the "
        "profile, and every document of their tree.",
        {"cursor": "From the previous answer; none for the first page."},
        (
            Field("lines", "texts", 'JSON, one document each: `{"path": …, "data": {…}}`.'),
            Field("cursor", "text", "There is more: call again with it.", optional=True),
        ),
        (),
        (Example("The first page", {}),),
    ),
    Function(
        "release_device",
        "Ends the caller's ownership of a device, even while the device is offline. Calls that "
        "wait for the device are cancelled. The next owner starts with an empty history in any "
        "case. The claim at Particle ends too, and with the caller's last device, all tokens that "
        "their apps got from `mint_token`. If Particle does not answer, a job ends these later, "
        "and the device is released all the same.",
        {
            "deviceId": _YOURS,
            "keepHistory": "Keep the device's history in the caller's account. Otherwise it is "
            "erased in the background.",
        },
        (
            Field("deviceId", "text", "The same id."),
            Field("releasedAt", "time", "Events published from this time on belong to nobody."),
        ),
        ("not-your-device", "in-progress"),
        (Example("", {"deviceId": DEVICE_ID}),),
        (
            (
                "`in-progress` means that a call or a change at Particle is under way. It lasts a "
                "minute at most."
            ),
        ),
    ),
    Function(
        "delete_account",
        "Deletes the caller's account and everything that belongs to it. From then on the account "
        "can neither read nor change anything. The caller must have signed in within the last five "
        "minutes.",
        {"confirm": "Guards against calls by mistake."},
        (
            Field(
                "status",
                "text",
                "`deleted`, or `scheduled` when the erasure continues in the background.",
            ),
        ),
        ("recent-sign-in-required",),
        (Example("", {"confirm": "delete"}),),
    ),
)
