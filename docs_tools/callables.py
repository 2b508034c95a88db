"""The one source of the callables' pages: what each is for, its answer, and an example request.

Names, types and limits of requests are not here: they are read from the functions themselves.
The examples use the demo's fleet, in an order in which one customer can make them one after the
other; tests do so in JavaScript and with curl.
"""

from dataclasses import dataclass, field
from typing import Any, Final


@dataclass(frozen=True)
class Variable:
    """A value that the caller has in a variable, in each language's spelling of its name."""

    name: str
    """In camel case."""


@dataclass(frozen=True)
class Field:
    """A field of an answer."""

    name: str
    kind: str
    """`text`, `time`, `integer`, `texts`, `objects` or `any`."""
    says: str
    optional: bool = False
    """May be absent or null."""


@dataclass(frozen=True)
class Example:
    """A request, and what it is to show."""

    shows: str
    request: dict[str, Any]


@dataclass(frozen=True)
class Function:
    """A callable."""

    name: str
    purpose: str
    says: dict[str, str]
    """What each field of the request is."""
    answer: tuple[Field, ...]
    reasons: tuple[str, ...]
    """Besides those that every callable has."""
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
"""Reasons that any callable may answer."""

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

_SERIAL_NUMBER: Final = (
    "As printed on the label. Case, white space, hyphens and invisible characters do not count."
)
_SETUP_CODE: Final = "As printed on the label; likewise. Needed unless `REQUIRE_SETUP_CODE` is off."
_YOURS: Final = "One of the caller's devices: an id of `list_devices`."

FUNCTIONS: Final = (
    Function(
        "claim_device",
        "Makes the caller the owner of a device, by what is printed on its label. In access mode "
        "`customer` the device is then theirs at Particle too, whoever had it there. Claiming a "
        "device that is already one's own succeeds again, so a lost answer can be asked for once "
        "more.",
        {
            "serialNumber": _SERIAL_NUMBER,
            "deviceId": "Instead of the serial number: the device's id at Particle.",
            "setupCode": _SETUP_CODE,
            "name": "The owner's name for it, with something to see in it; without one it is the "
            "serial number.",
        },
        (
            Field("deviceId", "text", "Its id at Particle, and in every other call."),
            Field("name", "text", "As the owner sees it."),
            Field("serialNumber", "text", "As printed."),
            Field("claimedAt", "time", "From when on its events are the caller's."),
        ),
        _CLAIM,
        (
            Example(
                "By the label",
                {"serialNumber": "TH-2040-0118", "setupCode": "9RWH-C3NE", "name": "Workshop"},
            ),
        ),
    ),
    Function(
        "create_claim_code",
        "For devices that are set up over Wi-Fi: a code that the app hands to the device, and the "
        "device to Particle. The device appears below `users/{uid}/devices` as soon as it "
        "publishes anything, or at the next `claim_device` or `list_devices` with `refresh`. "
        "Access mode `customer` only.",
        {"serialNumber": _SERIAL_NUMBER, "setupCode": _SETUP_CODE},
        (
            Field("claimCode", "text", "What the device presents."),
            Field("expiresAt", "time", "An hour from now."),
        ),
        ("not-in-this-mode", *_CLAIM),
        (
            Example(
                "For a device that is still to be set up",
                {"serialNumber": "TH-2040-0119", "setupCode": "VX4D-7JPM"},
            ),
        ),
    ),
    Function(
        "list_devices",
        "The caller's devices, in the order of their names. An app that shows them live reads "
        "`users/{uid}/devices` instead; this is for those that cannot, and for asking Particle who "
        "is online at this moment.",
        {
            "refresh": "Ask Particle: each device then has `online` as well. An answer of the last "
            "five seconds is given again, or of half a second for each device from ten on."
        },
        (
            Field(
                "devices",
                "objects",
                "`{deviceId, name, serialNumber, productId, platformId, firmwareVersion, "
                "claimedAt, claimEpoch, status, statusAt, lastSeenAt, online?}`. `online` is what "
                "Particle believes at this moment (about 50 s late for Wi-Fi, up to 46 minutes for "
                "cellular), or `null` for a device that the product does not have there.",
            ),
        ),
        PARTICLE,
        (Example("With who is online", {"refresh": True}),),
    ),
    Function(
        "rename_device",
        "The owner's own name for a device. It does not go to Particle, and ends with the "
        "ownership.",
        {"deviceId": _YOURS, "name": "What it shall be called, with something to see in it."},
        (
            Field("deviceId", "text", "The same."),
            Field("name", "text", "The new name."),
        ),
        ("not-your-device",),
        (Example("", {"deviceId": DEVICE_ID, "name": "Cellar"}),),
    ),
    Function(
        "invoke_function",
        "Calls a function of the device's firmware. Writing a variable is calling the function "
        "that sets it: Particle has no other way.",
        {
            "deviceId": _YOURS,
            "function": "A function's name in the firmware.",
            "argument": "What the function is given; empty without one.",
            "requestId": "Your own choice, such as a UUID for each press of a button. With it the "
            "device is called once, however often the request is sent, and every request gets the "
            "first one's answer.",
            "whenOffline": "`queue`: a device that is offline does it when it is back.",
            "expiresIn": "Seconds that a queued call may wait; 3600 without it.",
            "coalesce": "A queued call takes the place of earlier ones of the same function.",
        },
        (
            Field("commandId", "text", "Its record is `users/{uid}/commands/{commandId}`."),
            Field(
                "status",
                "text",
                "`succeeded`, `queued`, or `cancelled` where a later call took its place.",
            ),
            Field(
                "returnValue",
                "integer",
                "What the firmware returned, 32 bits; a negative one is no error. `null` while "
                "the call is queued.",
                optional=True,
            ),
        ),
        (
            "not-allowed",
            "not-your-device",
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
                "When the device is back, within the hour, and only the latest wish",
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
                "`device-offline`: it surely did not run. `device-timeout`: it may have; the "
                "server never repeats it, and the command's status is `unknown`. Ask the device, "
                "by a variable or by waiting for its next event, before asking for it again."
            ),
            (
                "Only a call that surely did not run is queued. Up to 20 wait for one device, and "
                "are made in order. While some wait, a new call with `queue` goes behind them, "
                "also when the device is online, and is refused as `device-offline` when 20 do; "
                "one with `fail` does not wait for them. A call with `coalesce` that was overtaken "
                "on its way by a later one of the same function is `cancelled` instead of queued. "
                "`offer.json` is asked again when a call is sent at last."
            ),
        ),
    ),
    Function(
        "cancel_command",
        "A call that waits for its device shall not be made.",
        {"commandId": "As `invoke_function` answered it."},
        (
            Field("commandId", "text", "The same."),
            Field(
                "status",
                "text",
                "`cancelled`, or what has become of the call when this came too late.",
            ),
        ),
        ("unknown-command",),
        (Example("", {"commandId": COMMAND_ID}),),
    ),
    Function(
        "read_variable",
        "Asks the device for a variable. What the device publishes is in Firestore already, and "
        "costs no data operation to read there: prefer that for what is shown all the time.",
        {
            "deviceId": _YOURS,
            "variable": "A variable's name in the firmware.",
            "maxAge": "Seconds: the answer may be one that the same customer read so long ago.",
        },
        (
            Field("value", "any", "A number, a text or a boolean, as in the firmware."),
            Field("readAt", "time", "When the device was asked."),
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
        "A token for the app's own calls to the Particle API, as the caller's shadow customer: it "
        "reaches the devices that they own at Particle, on the user routes, and nothing else. "
        "`offer.json`, the queue and the activity do not cover such calls. Access mode `customer` "
        "only, unless `CUSTOMER_TOKENS` is off.",
        {},
        (
            Field("accessToken", "text", "Send it as `Authorization: Bearer …`."),
            Field("expiresAt", "time", "55 to 60 minutes from now."),
            Field("customerId", "text", "The customer's name at Particle."),
        ),
        ("not-in-this-mode", "customer-not-ready", *PARTICLE),
        (Example("", {}),),
        (
            "Asked again, it may answer the same token while that has 55 minutes left.",
            "A customer gets at most five new ones in five minutes.",
        ),
    ),
    Function(
        "revoke_tokens",
        "Ends the caller's tokens at Particle, as far as the server still knows them; others end "
        "by themselves within the hour. Access mode `customer` only.",
        {},
        (),
        ("not-in-this-mode", "customer-not-ready", *PARTICLE),
        (Example("", {}),),
        (
            (
                "Tokens are never stored, and Particle offers a server no call that ends all of a "
                "customer's. The instance that answers ends those that it has given; one given by "
                "another instance ends when that is asked for a token again."
            ),
        ),
    ),
    Function(
        "export_account",
        "Everything that is stored of the caller, in pages: the sign-in account, the profile, and "
        "every document of their tree.",
        {"cursor": "Of the last answer; none for the first page."},
        (
            Field("lines", "texts", 'JSON, one document each: `{"path": …, "data": {…}}`.'),
            Field("cursor", "text", "There is more: ask again with it.", optional=True),
        ),
        (),
        (Example("The first page", {}),),
    ),
    Function(
        "release_device",
        "Gives a device back, also while it is offline. Calls that wait for it are cancelled. "
        "The next owner starts with an empty history either way. The claim at Particle ends too; "
        "when Particle does not answer, a job ends it later, and the device is given back all the "
        "same.",
        {
            "deviceId": _YOURS,
            "keepHistory": "Keep what it published; otherwise that is erased in the background.",
        },
        (
            Field("deviceId", "text", "The same."),
            Field("releasedAt", "time", "From when on its events are nobody's."),
        ),
        ("not-your-device", "in-progress"),
        (Example("", {"deviceId": DEVICE_ID}),),
        ("`in-progress`: a call or a change at Particle is under way, for a minute at most.",),
    ),
    Function(
        "delete_account",
        "Deletes the caller's account and all that is theirs. From then on nothing can be read or "
        "done with it. Asks for a sign-in of the last five minutes.",
        {"confirm": "That it is meant."},
        (
            Field(
                "status",
                "text",
                "`deleted`, or `scheduled` when erasing goes on in the background.",
            ),
        ),
        ("recent-sign-in-required",),
        (Example("", {"confirm": "delete"}),),
    ),
)
