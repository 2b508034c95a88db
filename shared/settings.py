"""The only reader of the environment, and the one place for the functions' options and durations.

Parameters come from `.env` and `.env.<project>`. Secrets come from Secret Manager, and only in the
functions that list them. The platform does not report a missing value (it reads as ""), so
every value is checked here at first use.
"""

import functools
import os
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from firebase_functions.params import BoolParam, IntParam, SecretParam, StringParam

TOPIC = "particle-events"
"""The Pub/Sub topic that Particle's integration publishes to."""

WEBHOOK_FUNCTION = "ingest_webhook"
"""The function that takes Particle's webhooks, by which its address is known."""

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
        "that the user has when their customer is created"
    ),
)
_DELETE_CUSTOMERS = StringParam(
    "PARTICLE_DELETE_CUSTOMERS",
    default="by-name",
    label="Deletion of customers at Particle",
    description=(
        "Whether a deleted account's customer is deleted at Particle too: always, never, or "
        "by-name (only if its name is an e-mail address)"
    ),
)
_CUSTOMER_TOKENS = BoolParam(
    "CUSTOMER_TOKENS",
    default=True,
    label="Particle tokens for customers' apps",
    description=(
        "Whether mint_token gives them, in access mode customer. When off, every call goes through "
        "this backend, its list of allowed functions and its records"
    ),
)
_OWN_ACCOUNT = StringParam(
    "PARTICLE_OWN_ACCOUNT",
    default="",
    label="The maker's own accounts at Particle",
    description=(
        "User names, separated by commas. What they have claimed at Particle is the maker's stock: "
        "in access mode product such a claim is never ended, in mode customer by a claim alone"
    ),
)
_END_FOREIGN_CLAIMS = BoolParam(
    "END_FOREIGN_CLAIMS",
    default=True,
    label="Claims of strangers at Particle are ended",
    description=(
        "Whether this backend looks for devices whose owner at Particle is another than here, and "
        "ends such claims. Switch it off before the import of devices whose owners at Particle are "
        "still to be taken over (users adopt, devices adopt)"
    ),
)
_REQUIRE_SETUP_CODE = BoolParam(
    "REQUIRE_SETUP_CODE",
    default=True,
    label="Setup codes required",
    description=(
        "Claiming a device needs the setup code on its label. When off, anyone who knows or "
        "guesses the serial number of a device without an owner can claim it"
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
    label="Allowed web origins",
    description="Origins of your web apps, separated by commas, such as https://app.example.com",
)
_CALLS_PER_MINUTE = IntParam(
    "CALLS_PER_MINUTE",
    default=120,
    label="Calls per customer and minute",
    description="For each callable and instance; 0 means no limit",
)
_EVENT_RETENTION_DAYS = IntParam(
    "EVENT_RETENTION_DAYS",
    default=90,
    label="Days that events are kept",
    description="Firestore's TTL deletes an event this many days after its publication",
)
_EVENT_RETENTION_BY_PREFIX = StringParam(
    "EVENT_RETENTION_BY_PREFIX",
    default="spark/device/last_reset=730,spark/flash/status=730,spark/status/=730",
    label="Days that events are kept, by prefix of their names",
    description=(
        "prefix=days,… ; the longest matching prefix decides, and EVENT_RETENTION_DAYS where none "
        "matches"
    ),
)
_ROLLUP_RETENTION_DAYS = IntParam(
    "ROLLUP_RETENTION_DAYS",
    default=400,
    label="Days that chart data are kept",
    description="Counted from the day they describe; never less than the events themselves",
)
_COMMAND_RETENTION_DAYS = IntParam(
    "COMMAND_RETENTION_DAYS",
    default=400,
    label="Days that the records of function calls are kept",
    description=(
        "Counted from the call, or from the end of its waiting; a requestId is remembered as long"
    ),
)
_ACTIVITY_RETENTION_DAYS = IntParam(
    "ACTIVITY_RETENTION_DAYS",
    default=400,
    label="Days that a customer's activity is kept",
    description="Firestore's TTL deletes an entry this many days after it was written",
)
_AUDIT_RETENTION_DAYS = IntParam(
    "AUDIT_RETENTION_DAYS",
    default=730,
    label="Days that the audit trail of operators is kept",
    description="Firestore's TTL deletes an entry this many days after it was written",
)
_PRESENCE_GRACE_SECONDS = IntParam(
    "PRESENCE_GRACE_SECONDS",
    default=900,
    label="Seconds that a device may be silent and still count as online",
    description="For devices that do not sleep; the naps of those that do are learned",
)
_WEBHOOK_RECEIVERS = StringParam(
    "WEBHOOK_RECEIVERS",
    default="public",
    description=(
        "Where customers' webhooks may lead: public, to https servers with a public address; or "
        "local, for a stack on a developer's machine, to this machine as well"
    ),
)
_HEALTH_CHECK = BoolParam(
    "HEALTH_CHECK",
    default=True,
    label="Scheduled check of the path from Particle",
    description=(
        "Every five minutes a test event is sent from Particle's integration to Firestore"
    ),
)
_SITE_URL = StringParam(
    "SITE_URL",
    default="",
    label="Address of the web app",
    description=(
        "Where links of invitations lead, such as https://app.example.com. Empty: the web app "
        "completes them itself, and no mail is sent"
    ),
)
_MAIL_FROM = StringParam(
    "MAIL_FROM",
    default="",
    label="Sender of the mails",
    description=(
        "An address, or `Name <address>`, from which the server in the secret SMTP_URL may send. "
        "Empty: no mails"
    ),
)
_REGION = StringParam(
    "FUNCTIONS_REGION",
    default="us-central1",
    label="Region of the functions",
    description="The region of the Firestore database, or one near it",
)
_MIN_INSTANCES = IntParam(
    "MIN_INSTANCES",
    default=0,
    label="Instances kept warm",
    description=(
        "For ingest and for each callable that a customer waits for; billed while idle. With 0, "
        "the first call after a quiet period waits some seconds for an instance to start"
    ),
)
_MAX_INSTANCES = IntParam(
    "MAX_INSTANCES",
    default=20,
    label="Maximum number of instances",
    description=(
        "Of each function. With 40 requests in each, 20 serve 800 at once. Limits the cost, and "
        "the calls that Particle receives. New projects and small regions may allow fewer"
    ),
)
_VPC_CONNECTOR = StringParam(
    "VPC_CONNECTOR",
    default="",
    label="Serverless VPC Access connector",
    description=(
        "The functions reach the internet through it, so that Particle sees one fixed address "
        "(./deploy.sh --fixed-ip creates one). Empty: none, and addresses from Google's pool"
    ),
)

CLIENT_ID = SecretParam("PARTICLE_CLIENT_ID")
CLIENT_SECRET = SecretParam("PARTICLE_CLIENT_SECRET")
SETUP_CODE_PEPPER = SecretParam("SETUP_CODE_PEPPER")
SMTP_URL = SecretParam("SMTP_URL")
"""`smtps://USER:PASSWORD@HOST:PORT`, `smtp://USER:PASSWORD@HOST:PORT?starttls=1`, or `NO_MAIL`."""

WEBHOOK_SECRET = SecretParam("WEBHOOK_SECRET")
"""What Particle's webhooks send to `ingest_webhook`: one secret, or a new and an old one with white
space between them."""

WEBHOOK_KEY = SecretParam("WEBHOOK_KEY")
"""From which the secrets of customers' webhooks are derived; another one makes all of them new."""

NO_MAIL = "none"
"""The value of `SMTP_URL` where no mails are sent. A function is not deployed while one of its
secrets does not exist, and Secret Manager takes no empty value."""

_SHORTEST_SECRET = 32

MAX_RETENTION_DAYS = 36_500
"""A century: more than anybody needs, and far from the end of Firestore's calendar."""

PARTICLE_SECRETS = [CLIENT_ID, CLIENT_SECRET]
"""For functions that call Particle."""
MAIL_SECRETS = [SMTP_URL]
"""For functions that send mail."""
WEBHOOK_SECRETS = [WEBHOOK_KEY]
"""For functions that sign messages to customers' webhooks, or say their secrets."""
NOTIFICATION_SECRETS = [*MAIL_SECRETS, *WEBHOOK_SECRETS]
"""For the function that sends notifications."""

# How long things take, in seconds. The functions' own timeouts come first: what a function waits
# for has to end before its timeout, and what it holds has to outlast it. How long a request to
# Particle may take is in `shared/particle/transport.py` (`Timeouts`), and one to Firestore in
# `shared/firestore/deadline.py` (`Patience`).

CALLABLE_TIMEOUT = 60
"""A device may take 30 s to answer, and a request to it has a timeout of 35 s."""
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
RESERVATION = CALLABLE_TIMEOUT
"""A device is reserved for one claimant this long: the callable that claims has ended by then."""
RESERVED_REQUEST = 25
"""A request under a reservation takes this long with its repetitions: the last of them begins after
10 s at most, and takes 13 s."""
JOB_BUDGET = EVENT_TIMEOUT / 3
"""After this, a run of a release's or a deletion's job erases no more; the next one does."""
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
DUE_BUDGET = 45
"""After this, a run of `run_due` begins nothing further: the next one comes within the minute."""
SWEEP_LATE = 5 * 60
"""`run_due` is reported when it has not completed a run for this long."""
DUE_LATE = 10 * 60
"""What is due is reported when it has waited this long."""
MAIL_PATIENCE = 10
"""From the connection to the mail server until it has accepted a mail."""
AUTH_ANSWER = 10
"""For an answer of Firebase Auth; its own default of 120 s is longer than a callable has."""
DELETION_PATIENCE = CALLABLE_TIMEOUT / 3
"""How long the caller waits for the erasure of their account, before it continues in background."""
SIGN_IN_REMEMBERED = 50
"""For this long an instance remembers that Auth said yes to a sign-in. With the time of Auth's
answer (`AUTH_ANSWER`), an ended sign-in can call devices for a minute at most."""
RECENT_SIGN_IN = 300
"""Age of a sign-in that may do what cannot be undone."""
COMMAND_WAIT = 3600
"""How long a call waits for its device unless it says otherwise: an old wish surprises."""
COMMAND_LONGEST_WAIT = 7 * 24 * 3600
"""The longest time that a call may wait for its device."""
ATTEMPTS_KEPT = 24 * 3600
"""How long Firestore keeps a counter of claim attempts after the last one; its day is over then."""

CONCURRENCY = 40
"""Requests that one instance serves at once. `THREADS` in `.env` is the same number. Functions that
`_SMALL` applies to serve one at a time, and the further threads are never started."""

_OPTIONS: dict[str, Any] = {
    "region": _REGION,
    # With less than one CPU the platform allows one request at a time, and imports take seconds.
    "cpu": 1,
    # Interpreter and libraries take about 80 MB; 256 MB would leave little for 40 requests at once.
    "memory": 512,
    "concurrency": CONCURRENCY,
    "max_instances": _MAX_INSTANCES,
}

# A deployment starts an instance of every function at once, and a new project may run 20 CPUs in a
# region (CpuAllocPerProjectRegion). So what is called rarely, or where nobody waits, has a third of
# one, as the platform gives a function of this memory by itself. With less than one it allows one
# request at a time.
_SMALL: dict[str, Any] = {"cpu": 0.333, "concurrency": 1}
# Half of that, likewise, for what runs in the background and is not waited for at all.
_TINY: dict[str, Any] = {"cpu": 0.167, "memory": 256, "concurrency": 1}

# All traffic, since Particle's address is a public one. The Firebase CLI takes an empty name for
# "no connector". The Python SDK does not offer Direct VPC egress.
_ONE_ADDRESS: dict[str, Any] = {
    "vpc_connector": _VPC_CONNECTOR,
    "vpc_connector_egress_settings": "ALL_TRAFFIC",
}

_WAITED_FOR = {"claim_device", "invoke_function", "list_devices", "mint_token", "read_variable"}
"""What an app calls while somebody looks at the screen. Each has its own warm instances to pay."""

_OFTEN_TRIGGERED = {"confirm_claim", "send_queued"}
"""Triggers that run with each session of a device, or each event of a device without an owner."""

_RARELY_TRIGGERED = {"end_tokens", "erase_account", "finish_release", "restore_status"}
"""Triggers of jobs that their request has usually done already."""

_CALLABLE_OPTIONS: dict[str, Any] = {
    **_OPTIONS,
    **_ONE_ADDRESS,
    "timeout_sec": CALLABLE_TIMEOUT,
}

_EVENT_OPTIONS: dict[str, Any] = {
    **_OPTIONS,
    **_ONE_ADDRESS,
    "timeout_sec": EVENT_TIMEOUT,
    # Failed deliveries are repeated for 24 hours, with growing pauses.
    "retry": True,
}

INGEST_OPTIONS: dict[str, Any] = {
    # It never calls Particle, so its traffic need not go through the connector.
    **{name: value for name, value in _EVENT_OPTIONS.items() if name not in _ONE_ADDRESS},
    "timeout_sec": INGEST_TIMEOUT,
    # Customers are watching what it stores.
    "min_instances": _MIN_INSTANCES,
}

WEBHOOK_OPTIONS: dict[str, Any] = {
    **{
        name: value
        for name, value in INGEST_OPTIONS.items()
        if name not in {"retry", "min_instances"}
    },
    # Particle has no identity at Google: a secret admits its webhooks.
    "invoker": "public",
}

SCHEDULE_OPTIONS: dict[str, Any] = {
    **_OPTIONS,
    **_TINY,
    **_ONE_ADDRESS,
    "timeout_sec": SCHEDULE_TIMEOUT,
}


def callable_options(name: str) -> dict[str, Any]:
    """Options of the callable with this name."""
    size = {"min_instances": _MIN_INSTANCES} if name in _WAITED_FOR else _SMALL
    return {**_CALLABLE_OPTIONS, **size}


def event_options(name: str) -> dict[str, Any]:
    """Options of the function with this name, which runs when a document changes."""
    if name in _OFTEN_TRIGGERED:
        return _EVENT_OPTIONS
    return {**_EVENT_OPTIONS, **(_TINY if name in _RARELY_TRIGGERED else _SMALL)}


class SettingMissingError(RuntimeError):
    """A setting is missing or wrong: for the operator to fix, never the customer."""


@dataclass(frozen=True)
class Particle:
    """What is needed to talk to the Particle cloud."""

    product: str
    api_url: str
    client_id: str
    client_secret: str

    def __repr__(self) -> str:
        """Without the secret, since this may end up in a log."""
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
def webhook_secrets() -> tuple[str, ...]:
    """The secrets of which a webhook has to send one.

    Raises `SettingMissingError` where one is missing or so short that it could be guessed.
    """
    secrets = tuple(_required(WEBHOOK_SECRET.value.strip(), "WEBHOOK_SECRET").split())
    if any(len(secret) < _SHORTEST_SECRET for secret in secrets):
        raise SettingMissingError(f"WEBHOOK_SECRET needs {_SHORTEST_SECRET} characters or more")
    return secrets


@functools.cache
def webhook_key() -> bytes:
    """The key from which webhooks' secrets are derived. Raises `SettingMissingError`."""
    key = _required(WEBHOOK_KEY.value.strip(), "WEBHOOK_KEY")
    if len(key) < _SHORTEST_SECRET:
        raise SettingMissingError(f"WEBHOOK_KEY needs {_SHORTEST_SECRET} characters or more")
    return key.encode()


@functools.cache
def only_public_webhooks() -> bool:
    """Whether customers' webhooks may lead to public servers alone."""
    return _one_of("WEBHOOK_RECEIVERS", _WEBHOOK_RECEIVERS.value, "public", "local") == "public"


@functools.cache
def site_url() -> str:
    """The web app's address without a slash at the end; empty if it is not known.

    Raises `SettingMissingError` for anything that is not an address of a site.
    """
    url = _SITE_URL.value.strip().rstrip("/")
    parts = urlsplit(url)
    if url and (parts.scheme not in {"http", "https"} or not parts.hostname or parts.query):
        raise SettingMissingError("SITE_URL must be an address such as https://app.example.com")
    return url


@dataclass(frozen=True)
class MailServer:
    """Where mails are handed over, and who sends them."""

    host: str
    port: int
    tls: str
    """`at-once`, `starttls`, or `none`, which this machine's own server alone may have."""
    user: str
    """Empty: no log-in."""
    password: str = field(repr=False)
    sender: str
    """An address, or `Name <address>`."""


@functools.cache
def mail_server() -> MailServer | None:
    """The mail server; None if no mails are sent. Raises `SettingMissingError`.

    Without `site_url` none are: there is no link to put into them.
    """
    sender = _MAIL_FROM.value.strip() if site_url() else ""
    url = _required(SMTP_URL.value.strip(), "SMTP_URL") if sender else NO_MAIL
    if url == NO_MAIL:
        return None
    # The messages do not quote the URL, which contains the password.
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        parts, host, port = urlsplit(""), "", None
    if parts.scheme not in {"smtp", "smtps"} or not host:
        raise SettingMissingError(
            f"SMTP_URL must be smtps://USER:PASSWORD@HOST:PORT, smtp://USER:PASSWORD@HOST:PORT?"
            f"starttls=1, or {NO_MAIL}; in USER and PASSWORD, characters like @ and / are written "
            "as %40 and %2F"
        )
    tls = "at-once" if parts.scheme == "smtps" else "none"
    if tls == "none" and parse_qs(parts.query).get("starttls") == ["1"]:
        tls = "starttls"
    if tls == "none" and host not in {"127.0.0.1", "localhost"}:
        raise SettingMissingError("SMTP_URL needs smtps:// or ?starttls=1: mails contain secrets")
    return MailServer(
        host=host,
        port=port or {"at-once": 465, "starttls": 587, "none": 25}[tls],
        tls=tls,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        sender=sender,
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
    """Whether customers at Particle are named by e-mail address; raises `SettingMissingError`."""
    return _one_of("PARTICLE_CUSTOMER_NAMES", _CUSTOMER_NAMES.value, "opaque", "email") == "email"


@functools.cache
def delete_customers() -> str:
    """`always`, `never` or `by-name`; raises `SettingMissingError` for anything else."""
    name = "PARTICLE_DELETE_CUSTOMERS"
    return _one_of(name, _DELETE_CUSTOMERS.value, "by-name", "always", "never")


@functools.cache
def customer_tokens() -> bool:
    """Whether customers' apps are given tokens for Particle."""
    return _CUSTOMER_TOKENS.value


@functools.cache
def own_accounts() -> frozenset[str]:
    """The user names at Particle of the maker's own accounts, in lower case."""
    names = (name.strip().lower() for name in _OWN_ACCOUNT.value.split(","))
    return frozenset(name for name in names if name)


@functools.cache
def end_foreign_claims() -> bool:
    """Whether claims of strangers at Particle are looked for and ended."""
    return _END_FOREIGN_CLAIMS.value


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
    """Web origins that may call; `*` means all."""
    origins = [origin.strip().rstrip("/") for origin in _ALLOWED_ORIGINS.value.split(",")]
    return [origin for origin in origins if origin] or ["*"]


@functools.cache
def calls_per_minute() -> int:
    """Calls that a customer may make of one callable on one instance; 0 means no limit."""
    return _CALLS_PER_MINUTE.value


@functools.cache
def setup_code_pepper() -> str:
    """The key of the setup codes' HMAC; raises `SettingMissingError`."""
    return _required(SETUP_CODE_PEPPER.value, "SETUP_CODE_PEPPER")


@functools.cache
def event_retention_days() -> int:
    """How long an event is kept, in days; raises `SettingMissingError` for an impossible number."""
    return _days("EVENT_RETENTION_DAYS", _EVENT_RETENTION_DAYS.value)


@functools.cache
def event_retention_by_prefix() -> tuple[tuple[str, int], ...]:
    """Prefixes of event names and the days such events are kept, longest prefix first.

    Raises `SettingMissingError` unless the setting is `prefix=days,…`.
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
    """How long chart data are kept, in days; raises `SettingMissingError` as above."""
    return _days("ROLLUP_RETENTION_DAYS", _ROLLUP_RETENTION_DAYS.value)


@functools.cache
def command_retention_days() -> int:
    """How long a call's record is kept, in days; raises `SettingMissingError` as above."""
    return _days("COMMAND_RETENTION_DAYS", _COMMAND_RETENTION_DAYS.value)


@functools.cache
def activity_retention_days() -> int:
    """How long customers' activity is kept, in days; raises `SettingMissingError` as above."""
    return _days("ACTIVITY_RETENTION_DAYS", _ACTIVITY_RETENTION_DAYS.value)


@functools.cache
def audit_retention_days() -> int:
    """How long the audit trail is kept, in days; raises `SettingMissingError` as above."""
    return _days("AUDIT_RETENTION_DAYS", _AUDIT_RETENTION_DAYS.value)


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


def is_discovery() -> bool:
    """Whether the Firebase CLI imports the functions to learn what to deploy, and no instance."""
    return function_served() is None


def _days(name: str, value: int) -> int:
    if not 0 < value <= MAX_RETENTION_DAYS:
        raise SettingMissingError(f"{name} is {value}; it must be from 1 to {MAX_RETENTION_DAYS}")
    return value


def _one_of(name: str, value: str, *allowed: str) -> str:
    """The value; the first of those allowed when it is missing, as in older `.env` files."""
    if value and value not in allowed:
        raise SettingMissingError(f"{name} is {value!r}; it must be one of {', '.join(allowed)}")
    return value or allowed[0]


def _required(value: str, name: str) -> str:
    if not value:
        raise SettingMissingError(
            f"{name} is not set: a parameter belongs in .env.<project>, a secret in Secret Manager "
            f"(./deploy.sh --project ID asks for it)"
        )
    return value
