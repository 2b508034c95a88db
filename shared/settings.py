"""The only reader of the environment, and the one place for the functions' options.

Parameters come from `.env` and `.env.<project>`; secrets from Secret Manager, and only in the
functions that list them. A missing value is silent on the platform (it reads as ""), so
everything is checked here at first use.
"""

import functools
import os
from dataclasses import dataclass
from typing import Any

from firebase_functions.options import MemoryOption, VpcEgressSetting
from firebase_functions.params import BoolParam, IntParam, SecretParam, StringParam

TOPIC = "particle-events"
"""The Pub/Sub topic that Particle's integration publishes to."""

_PRODUCT = StringParam(
    "PARTICLE_PRODUCT",
    label="Particle product",
    description="Number or slug of the product at Particle that this deployment serves",
)
_API_URL = StringParam(
    "PARTICLE_API_URL",
    default="https://api.particle.io",
    label="Base URL of the Particle API",
)
_ACCESS_MODE = StringParam(
    "PARTICLE_ACCESS_MODE",
    default="customer",
    label="Access mode",
    description=(
        "customer: every user has a shadow customer at Particle, which owns the devices they "
        "claim. product: devices stay unclaimed at Particle, behind this backend"
    ),
)
_CUSTOMER_NAMES = StringParam(
    "PARTICLE_CUSTOMER_NAMES",
    default="opaque",
    label="Names of customers at Particle",
    description=(
        "opaque: derived from the user's id, no personal data. email: the verified e-mail address "
        "that the user has when their customer is made"
    ),
)
_DELETE_CUSTOMERS = StringParam(
    "PARTICLE_DELETE_CUSTOMERS",
    default="by-name",
    label="Deletion of customers at Particle",
    description=(
        "Whether a deleted account's customer is deleted at Particle too: always, never, or "
        "by-name: when its name is an e-mail address"
    ),
)
_CUSTOMER_TOKENS = BoolParam(
    "CUSTOMER_TOKENS",
    default=True,
    label="Tokens of Particle for customers' apps",
    description=(
        "mint_token gives them, in access mode customer. Off: every call passes this backend, its "
        "list of what is offered and its records"
    ),
)
_REQUIRE_SETUP_CODE = BoolParam(
    "REQUIRE_SETUP_CODE",
    default=True,
    label="Setup codes required",
    description=(
        "Claiming asks for the setup code on the label. Without it whoever knows or guesses a "
        "serial number gets the device, if nobody owns it"
    ),
)
_REQUIRE_VERIFIED_EMAIL = BoolParam(
    "REQUIRE_VERIFIED_EMAIL",
    default=False,
    label="Verified e-mail address required",
    description="Callables refuse users whose e-mail address is not verified",
)
_REQUIRE_APP_CHECK = BoolParam(
    "REQUIRE_APP_CHECK",
    default=False,
    label="App Check required",
    description="Callables refuse requests without a valid App Check token of your own apps",
)
_ALLOWED_ORIGINS = StringParam(
    "ALLOWED_ORIGINS",
    default="*",
    label="Web origins that may call",
    description="Origins of your web apps, separated by commas, such as https://app.example.com",
)
_CALLS_PER_MINUTE = IntParam(
    "CALLS_PER_MINUTE",
    default=120,
    label="Calls per customer and minute",
    description="For each callable and instance; 0 for no limit",
)
_EVENT_RETENTION_DAYS = IntParam(
    "EVENT_RETENTION_DAYS",
    default=90,
    label="Days an event is kept",
    description="Firestore's TTL deletes an event this many days after it was published",
)
_EVENT_RETENTION_BY_PREFIX = StringParam(
    "EVENT_RETENTION_BY_PREFIX",
    default="spark/device/last_reset=730,spark/flash/status=730,spark/status/=730",
    label="Days that events are kept whose names begin with something",
    description=(
        "prefix=days,… ; the longest prefix of an event's name decides, and EVENT_RETENTION_DAYS "
        "where none fits"
    ),
)
_ROLLUP_RETENTION_DAYS = IntParam(
    "ROLLUP_RETENTION_DAYS",
    default=400,
    label="Days that the numbers for charts are kept",
    description="Counted from the day that they are of, and never less than the events themselves",
)
_PRESENCE_GRACE_SECONDS = IntParam(
    "PRESENCE_GRACE_SECONDS",
    default=900,
    label="Seconds that a device may be silent and still counts as online",
    description="For devices that do not sleep; of those that do, their naps are learned",
)
_HEALTH_CHECK = BoolParam(
    "HEALTH_CHECK",
    default=True,
    label="Scheduled check of the way from Particle",
    description=(
        "Every five minutes an event is sent from Particle's integration the whole way to Firestore"
    ),
)
_REGION = StringParam(
    "FUNCTIONS_REGION",
    default="us-central1",
    label="Region of the functions",
    description="The same one, or a near one, as the Firestore database's",
)
_MIN_INSTANCES = IntParam(
    "MIN_INSTANCES",
    default=0,
    label="Instances that are kept warm",
    description=(
        "With 0 the first call after a quiet time waits some seconds for an instance to start. "
        "Of ingest and of each callable that a customer waits for; paid for while they idle"
    ),
)
_MAX_INSTANCES = IntParam(
    "MAX_INSTANCES",
    default=20,
    label="Instances at most",
    description=(
        "Of each function. With 40 requests in each, 20 serve 800 at once: a bound on cost, and on "
        "the calls that Particle sees. New projects and small regions may allow fewer"
    ),
)
_VPC_CONNECTOR = StringParam(
    "VPC_CONNECTOR",
    default="",
    label="Serverless VPC Access connector",
    description=(
        "Through which the functions reach the internet, so that Particle sees one fixed address "
        "(./deploy.sh --fixed-ip makes one). Empty: none, and addresses of Google's pool"
    ),
)

CLIENT_ID = SecretParam("PARTICLE_CLIENT_ID")
CLIENT_SECRET = SecretParam("PARTICLE_CLIENT_SECRET")
SETUP_CODE_PEPPER = SecretParam("SETUP_CODE_PEPPER")

MAX_RETENTION_DAYS = 36_500
"""A century: more than anybody means, and far from the end of Firestore's calendar."""

PARTICLE_SECRETS = [CLIENT_ID, CLIENT_SECRET]
"""For functions that call Particle."""

# How long things take, in seconds. A function's own timeout comes first: what it waits for has to
# end before, and what it holds has to outlast it.

CALLABLE_TIMEOUT = 60
"""A device may take 30 s to answer; our own timeout for that is 35 s."""
EVENT_TIMEOUT = 120
"""For a run that sends several calls, the last of which its device does not answer."""
INGEST_TIMEOUT = 60
"""It waits for Firestore alone."""
SCHEDULE_TIMEOUT = 120
"""What a run does not finish, the next one does."""
BATCH_TIMEOUT = 25
"""For storing a batch of events. Less than half of `INGEST_TIMEOUT`, since a delivery may have to
wait for one batch and then be in the next; what is not stored in time is delivered again."""
CANARY_TIMEOUT = 45
"""From the beginning of a check, within `SCHEDULE_TIMEOUT`, until its canaries must have arrived.
One takes about 2 s; the first one after a quiet time waits for an instance of `ingest`."""

CALL_HOLD = CALLABLE_TIMEOUT
"""A call to a device keeps the device with its owner for this long: the function that makes the
call has ended by then."""
CALL_SLACK = 5
"""A call to a device may take this much longer than its timeouts: a name is looked up, further
addresses are tried."""
OFFLINE_AT_ONCE = 2
"""A 408 of Particle within this time means that Particle knew the device to be offline."""
QUICK_READ = 1
"""After a reading that took longer, the owner is checked again."""
SENDER_LEASE = EVENT_TIMEOUT
"""A run may send the calls that wait for a device for this long: its trigger has ended by then."""
SEND_BUDGET = EVENT_TIMEOUT / 3
"""After this, a run begins no further call: one that the device does not answer takes 38 s, and the
commits around it take some more."""
CALLER_SEND_BUDGET = CALLABLE_TIMEOUT / 6
"""The same while a caller waits, whose own call comes last. The trigger sends the rest."""
PRESENCE_LAG = 120
"""For this long after a device came online, Particle may still take it for offline."""
SWEEP_BUDGET = SCHEDULE_TIMEOUT / 3
"""After this, a run of the schedule continues no further job."""
JOB_OVERDUE = 5 * EVENT_TIMEOUT
"""A job of this age is left over: its own trigger has had time for several deliveries."""

CONCURRENCY = 40
"""Requests that one instance serves at once. `THREADS` in `.env` is the same number."""

_OPTIONS: dict[str, Any] = {
    "region": _REGION,
    # Below one CPU the platform allows a single request at a time and imports take seconds.
    "cpu": 1,
    # Interpreter and libraries take about 80 MB; 256 leaves little for 40 requests at once.
    "memory": MemoryOption.MB_512,
    "concurrency": CONCURRENCY,
    "max_instances": _MAX_INSTANCES,
}

# All of the traffic, for Particle's address is a public one. The Firebase CLI takes an empty name
# for "no connector"; Direct VPC egress is not in the Python SDK.
_ONE_ADDRESS: dict[str, Any] = {
    "vpc_connector": _VPC_CONNECTOR,
    "vpc_connector_egress_settings": VpcEgressSetting.ALL_TRAFFIC,
}

_WAITED_FOR = {"claim_device", "invoke_function", "list_devices", "mint_token", "read_variable"}
"""What an app calls while somebody looks at the screen; each costs its own warm instances."""

_CALLABLE_OPTIONS: dict[str, Any] = {
    **_OPTIONS,
    **_ONE_ADDRESS,
    "timeout_sec": CALLABLE_TIMEOUT,
}

EVENT_OPTIONS: dict[str, Any] = {
    **_OPTIONS,
    **_ONE_ADDRESS,
    "timeout_sec": EVENT_TIMEOUT,
    # Failed deliveries come again for 24 hours, with growing pauses.
    "retry": True,
}

INGEST_OPTIONS: dict[str, Any] = {
    # It never calls Particle: its traffic need not squeeze through the connector.
    **{name: value for name, value in EVENT_OPTIONS.items() if name not in _ONE_ADDRESS},
    "timeout_sec": INGEST_TIMEOUT,
    # Customers look at what it stores.
    "min_instances": _MIN_INSTANCES,
}

SCHEDULE_OPTIONS: dict[str, Any] = {
    **_OPTIONS,
    **_ONE_ADDRESS,
    "timeout_sec": SCHEDULE_TIMEOUT,
}


def callable_options(name: str) -> dict[str, Any]:
    """Options of the callable with this name."""
    warm = {"min_instances": _MIN_INSTANCES} if name in _WAITED_FOR else {}
    return {**_CALLABLE_OPTIONS, **warm}


class SettingMissingError(RuntimeError):
    """A setting is absent or wrong: the operator's to mend, never the customer's."""


@dataclass(frozen=True)
class Particle:
    """What is needed to talk to the Particle cloud."""

    product: str
    api_url: str
    client_id: str
    client_secret: str

    def __repr__(self) -> str:
        """Without the secret, for this may end in a log."""
        return f"Particle(product={self.product!r}, api_url={self.api_url!r})"


@functools.cache
def particle() -> Particle:
    """The product and its OAuth client; raises `SettingMissingError`."""
    return Particle(
        product=_required(_PRODUCT.value, "PARTICLE_PRODUCT"),
        api_url=_API_URL.value.rstrip("/"),
        client_id=_required(CLIENT_ID.value, "PARTICLE_CLIENT_ID"),
        client_secret=_required(CLIENT_SECRET.value, "PARTICLE_CLIENT_SECRET"),
    )


@functools.cache
def access_mode() -> str:
    """`customer` or `product`; raises `SettingMissingError` for anything else."""
    mode = _ACCESS_MODE.value
    if mode not in {"customer", "product"}:
        raise SettingMissingError(
            f"PARTICLE_ACCESS_MODE is {mode!r}; it must be 'customer' or 'product'"
        )
    return mode


@functools.cache
def customers_have_email_names() -> bool:
    """Whether customers at Particle bear e-mail addresses; raises `SettingMissingError`."""
    return _one_of("PARTICLE_CUSTOMER_NAMES", _CUSTOMER_NAMES.value, "opaque", "email") == "email"


@functools.cache
def delete_customers() -> str:
    """`always`, `never` or `by-name`; raises `SettingMissingError` for anything else."""
    name = "PARTICLE_DELETE_CUSTOMERS"
    return _one_of(name, _DELETE_CUSTOMERS.value, "by-name", "always", "never")


@functools.cache
def customer_tokens() -> bool:
    """Whether customers' apps are given tokens of Particle."""
    return _CUSTOMER_TOKENS.value


@functools.cache
def require_setup_code() -> bool:
    """Whether claiming asks for the setup code."""
    return _REQUIRE_SETUP_CODE.value


@functools.cache
def require_verified_email() -> bool:
    """Whether callables refuse users whose e-mail address is not verified."""
    return _REQUIRE_VERIFIED_EMAIL.value


@functools.cache
def require_app_check() -> bool:
    """Whether callables refuse requests without a valid App Check token."""
    return _REQUIRE_APP_CHECK.value


def allowed_origins() -> list[str]:
    """Web origins that may call; `*` for all of them."""
    origins = [origin.strip().rstrip("/") for origin in _ALLOWED_ORIGINS.value.split(",")]
    return [origin for origin in origins if origin] or ["*"]


@functools.cache
def calls_per_minute() -> int:
    """Calls that a customer may make of one callable on one instance; 0 for no limit."""
    return _CALLS_PER_MINUTE.value


@functools.cache
def setup_code_pepper() -> str:
    """The key of the setup codes' HMAC; raises `SettingMissingError`."""
    return _required(SETUP_CODE_PEPPER.value, "SETUP_CODE_PEPPER")


@functools.cache
def event_retention_days() -> int:
    """How long an event is kept, in days; raises `SettingMissingError` for what is no such time."""
    return _days("EVENT_RETENTION_DAYS", _EVENT_RETENTION_DAYS.value)


@functools.cache
def event_retention_by_prefix() -> tuple[tuple[str, int], ...]:
    """Prefixes of event names and the days they are kept, longest prefix first.

    Raises `SettingMissingError` for what is not `prefix=days,…`.
    """
    entries = [e.strip() for e in _EVENT_RETENTION_BY_PREFIX.value.split(",") if e.strip()]
    found: dict[str, int] = {}
    for entry in entries:
        prefix, _, days = entry.rpartition("=")
        if not prefix or not days.strip().isdecimal() or not 0 < int(days) <= MAX_RETENTION_DAYS:
            raise SettingMissingError(
                f"EVENT_RETENTION_BY_PREFIX has {entry!r}; it must be 'prefix=days', with days "
                f"from 1 to {MAX_RETENTION_DAYS}"
            )
        found[prefix] = int(days)
    return tuple(sorted(found.items(), key=lambda item: -len(item[0])))


@functools.cache
def rollup_retention_days() -> int:
    """How long the numbers for charts are kept, in days; raises `SettingMissingError` as above."""
    return _days("ROLLUP_RETENTION_DAYS", _ROLLUP_RETENTION_DAYS.value)


@functools.cache
def presence_grace_seconds() -> int:
    """How long a device that does not sleep may be silent and still counts as online."""
    return _PRESENCE_GRACE_SECONDS.value


@functools.cache
def health_check() -> bool:
    """Whether the scheduled check sends its canary."""
    return _HEALTH_CHECK.value


def topic() -> str:
    """The topic's full name; raises `SettingMissingError`."""
    return f"projects/{project()}/topics/{TOPIC}"


def project() -> str:
    """The Google Cloud project; raises `SettingMissingError`."""
    name = os.environ.get("GCLOUD_PROJECT") or os.environ.get("GOOGLE_CLOUD_PROJECT") or ""
    return _required(name, "GOOGLE_CLOUD_PROJECT")


def function_served() -> str | None:
    """The function that the platform started this instance for."""
    return os.environ.get("FUNCTION_TARGET")


def _days(name: str, value: int) -> int:
    if not 0 < value <= MAX_RETENTION_DAYS:
        raise SettingMissingError(f"{name} is {value}; it must be from 1 to {MAX_RETENTION_DAYS}")
    return value


def _one_of(name: str, value: str, *allowed: str) -> str:
    """The value; the first of those allowed when it is absent, as in older `.env` files."""
    if value and value not in allowed:
        raise SettingMissingError(f"{name} is {value!r}; it must be one of {', '.join(allowed)}")
    return value or allowed[0]


def _required(value: str, name: str) -> str:
    if not value:
        raise SettingMissingError(
            f"{name} is not set: a parameter stands in .env.<project>, a secret in Secret Manager "
            f"(./deploy.sh --project ID asks for it)"
        )
    return value
