"""The names of every collection and document in Firestore, and the one client.

    users/{uid}                                       profile; particle: {status, reason, …}
    users/{uid}/devices/{deviceId}                    their device; exists while they own it
    users/{uid}/devices/{deviceId}/events/{eventId}   what it published during their tenure
    users/{uid}/devices/{deviceId}/rollups/{id}       numeric history for charts
    users/{uid}/devices/{deviceId}/alerts/{alertId}   an alert: its rule and its state
    users/{uid}/devices/{deviceId}/alertLog/{id}      when an alert began and ended
    users/{uid}/devices/{deviceId}/schedules/{id}     calls at times of the day
    users/{uid}/commands/{commandId}                  each function call
    users/{uid}/activity/{id}                         who did what, append-only
    users/{uid}/shared/{deviceId}                     another's device that they may use
    users/{uid}/webhooks/{webhookId}                  receivers that hear of alerts
    users/{uid}/preferences/{name}                    what they want to be told
    users/{uid}/devices/{deviceId}/shares/{guestUid}  the same share, for the device's owner to see
    users/{uid}/devices/{deviceId}/invitations/{id}   an open invitation, for the owner to see
    devices/{deviceId}                                the registry, which decides who owns a device
    devices/{deviceId}/events/{eventId}               events outside any customer's tenure
    devices/{deviceId}/presence/online                when it last came online
    devices/{deviceId}/tenures/{claimEpoch}           each tenure in which events were stored
    serialNumbers/{normalised serial}                 deviceId
    customers/{uid}                                   `particle` of a profile, for the server
    shadowCustomers/{SHA-256 of the customer name}    which uid a Particle customer belongs to
    appTokens/{uid}                                   whether apps of theirs may have tokens
    tokenEndings/{uid}                                jobs that end a customer's tokens at Particle
    claimAttempts/{hash}                              how often setup codes were tried
    releases/{id}                                     releases that are not finished
    invitations/{id}                                  open invitations to share a device
    scheduleRuns/{id}                                 occurrences of schedules under way
    deliveries/{id}                                   notifications, and what became of them
    operations/{id}                                   the audit trail: what operators did, and why
    deletedUsers/{uid}                                tombstones of deleted accounts
    deadLetters/{messageId}                           messages that can never be stored as events
    limits/{name}                                     counters that all instances share
    health/{name}                                     the health of the path from Particle to here
    unknownDevices/{deviceId}                         devices that publish but are not registered

`docs/data-model.md` describes the fields. Clients read below `users/{uid}`, as `firestore.rules`
allows; only the server reads anything else. No path can be built from an id that is
not a single one (`shared/firestore/ids.py`).
"""

import functools
import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime

from google.cloud.firestore import (
    CollectionReference,
    DocumentReference,
    DocumentSnapshot,
    FieldFilter,
    Query,
)

from shared import settings
from shared.firestore.client import Client

Snapshot = DocumentSnapshot[DocumentReference]

USERS = "users"
DEVICES = "devices"
EVENTS = "events"
ROLLUPS = "rollups"
TENURES = "tenures"
ALERTS = "alerts"
ALERT_LOG = "alertLog"
COMMANDS = "commands"
ACTIVITY = "activity"
SERIAL_NUMBERS = "serialNumbers"
CUSTOMERS = "customers"
SHADOW_CUSTOMERS = "shadowCustomers"
DELETED_USERS = "deletedUsers"
DEAD_LETTERS = "deadLetters"
LIMITS = "limits"
HEALTH = "health"
APP_TOKENS = "appTokens"
TOKEN_ENDINGS = "tokenEndings"  # noqa: S105 - a collection
CLAIM_ATTEMPTS = "claimAttempts"
RELEASES = "releases"
OPERATIONS = "operations"
PRESENCE = "presence"
SHARED = "shared"
SHARES = "shares"
INVITATIONS = "invitations"
UNKNOWN_DEVICES = "unknownDevices"
PREFERENCES = "preferences"
DELIVERIES = "deliveries"
WEBHOOKS = "webhooks"
SCHEDULES = "schedules"
SCHEDULE_RUNS = "scheduleRuns"


@functools.cache
def client() -> Client:
    """The process's one Firestore client; it is safe for threads."""
    return Client(project=settings.project())


def read_all(
    references: Sequence[DocumentReference], fields: Iterable[str] | None = None
) -> list[Snapshot]:
    """Read documents, or some fields of them, in one round trip; in the order of the references."""
    found = {s.reference.path: s for s in client().get_all(list(references), fields)}
    return [found[reference.path] for reference in references]


def user(uid: str) -> DocumentReference:
    """A customer's profile."""
    return client().collection(USERS).document(uid)


def user_device(uid: str, device_id: str) -> DocumentReference:
    """A device as its owner sees it. The document exists exactly while they own the device."""
    reference: DocumentReference = user(uid).collection(DEVICES).document(device_id)
    return reference


def command(uid: str, command_id: str) -> DocumentReference:
    """A function call that a customer made."""
    reference: DocumentReference = user(uid).collection(COMMANDS).document(command_id)
    return reference


def activity(uid: str) -> CollectionReference:
    """What a customer did."""
    reference: CollectionReference = user(uid).collection(ACTIVITY)
    return reference


def shared_device(uid: str, device_id: str) -> DocumentReference:
    """A guest's share of a device. The document exists exactly as long as the share."""
    reference: DocumentReference = user(uid).collection(SHARED).document(device_id)
    return reference


def share(owner_uid: str, device_id: str, guest_uid: str) -> DocumentReference:
    """The same share below the owner's device."""
    reference: DocumentReference = (
        user_device(owner_uid, device_id).collection(SHARES).document(guest_uid)
    )
    return reference


def device_invitation(owner_uid: str, device_id: str, invitation_id: str) -> DocumentReference:
    """An open invitation below the owner's device."""
    reference: DocumentReference = (
        user_device(owner_uid, device_id).collection(INVITATIONS).document(invitation_id)
    )
    return reference


def invitation(invitation_id: str) -> DocumentReference:
    """The same invitation, as whoever accepts it is checked against it."""
    return client().collection(INVITATIONS).document(invitation_id)


def shares_of_device(device_id: str) -> Query:
    """All guests' shares of a device; needs its own index."""
    group = client().collection_group(SHARED)
    return group.where(filter=FieldFilter("deviceId", "==", device_id))


def shares_of_owner(uid: str) -> Query:
    """All guests' shares of a customer's devices; needs its own index."""
    group = client().collection_group(SHARED)
    return group.where(filter=FieldFilter("ownerUid", "==", uid))


def expired_shares(now: datetime) -> Query:
    """All guests' shares that have expired, those first that did so first; needs its own index."""
    group = client().collection_group(SHARED)
    return group.where(filter=FieldFilter("expiresAt", "<=", now)).order_by("expiresAt")


def due_alerts(now: datetime) -> Query:
    """All alerts with something to do at a time, the first ones first; needs its own index."""
    group = client().collection_group(ALERTS)
    return group.where(filter=FieldFilter("dueAt", "<=", now)).order_by("dueAt")


def preferences(uid: str) -> DocumentReference:
    """What a customer wants to be told, and how."""
    reference: DocumentReference = user(uid).collection(PREFERENCES).document("notifications")
    return reference


def schedule_preferences(uid: str) -> DocumentReference:
    """Until when the schedules of all devices of a customer rest."""
    reference: DocumentReference = user(uid).collection(PREFERENCES).document("schedules")
    return reference


def due_schedules(now: datetime) -> Query:
    """All schedules that are due at a time, the first ones first; needs its own index."""
    group = client().collection_group(SCHEDULES)
    return group.where(filter=FieldFilter("dueAt", "<=", now)).order_by("dueAt")


def schedule_run(run_id: str) -> DocumentReference:
    """An occurrence of a schedule that is under way."""
    return client().collection(SCHEDULE_RUNS).document(run_id)


def schedule_runs_of(uid: str) -> Query:
    """The runs of a customer's schedules."""
    return client().collection(SCHEDULE_RUNS).where(filter=FieldFilter("uid", "==", uid))


def due_runs(now: datetime) -> Query:
    """The runs that wait to be tried again at a time, or whose process crashed."""
    runs = client().collection(SCHEDULE_RUNS)
    return runs.where(filter=FieldFilter("retryAt", "<=", now)).order_by("retryAt")


def delivery(delivery_id: str) -> DocumentReference:
    """A notification for one customer by one channel."""
    return client().collection(DELIVERIES).document(delivery_id)


def deliveries() -> CollectionReference:
    """The notifications for all customers."""
    return client().collection(DELIVERIES)


def due_deliveries(now: datetime) -> Query:
    """All notifications that are due at a time, the first ones first."""
    return deliveries().where(filter=FieldFilter("dueAt", "<=", now)).order_by("dueAt")


def alert_mails(uid: str, day: str) -> DocumentReference:
    """How many mails about alerts a customer was sent on a day."""
    digest = hashlib.sha256(f"alertMails:{uid}".encode()).hexdigest()[:32]
    return limit(f"alertMails-{digest}-{day}")


def devices() -> CollectionReference:
    """The registry."""
    return client().collection(DEVICES)


def device(device_id: str) -> DocumentReference:
    """A device's entry in the registry."""
    return client().collection(DEVICES).document(device_id)


def online(device_id: str) -> DocumentReference:
    """When a device with an owner last came online. Nothing else changes this document."""
    reference: DocumentReference = device(device_id).collection(PRESENCE).document("online")
    return reference


def tenure(device_id: str, epoch: int) -> DocumentReference:
    """The record of a tenure in which events of the device were stored."""
    reference: DocumentReference = device(device_id).collection(TENURES).document(str(epoch))
    return reference


def tenures_of(uid: str) -> Query:
    """The records of a customer's tenures of all devices; needs its own index."""
    group = client().collection_group(TENURES)
    return group.where(filter=FieldFilter("uid", "==", uid))


def serial_number(normalised: str) -> DocumentReference:
    """Which device has a serial number, by its normalised form."""
    return client().collection(SERIAL_NUMBERS).document(normalised)


def customer(uid: str) -> DocumentReference:
    """How far a user's customer at Particle is, where no client can change it."""
    return client().collection(CUSTOMERS).document(uid)


def shadow_customer(customer_name: str) -> DocumentReference:
    """Which user a Particle customer belongs to, for ever."""
    digest = hashlib.sha256(customer_name.encode()).hexdigest()
    return client().collection(SHADOW_CUSTOMERS).document(digest)


def app_tokens(uid: str) -> DocumentReference:
    """Until when a customer's apps may have tokens of Particle, and how often these were ended."""
    return client().collection(APP_TOKENS).document(uid)


def all_app_tokens() -> CollectionReference:
    """The same of all customers."""
    return client().collection(APP_TOKENS)


def token_ending(uid: str) -> DocumentReference:
    """The job that ends a customer's tokens at Particle."""
    return client().collection(TOKEN_ENDINGS).document(uid)


def token_endings() -> CollectionReference:
    """Those jobs of all customers."""
    return client().collection(TOKEN_ENDINGS)


def deleted_user(uid: str) -> DocumentReference:
    """The tombstone of a deleted account."""
    return client().collection(DELETED_USERS).document(uid)


def deleted_users() -> CollectionReference:
    """The tombstones of deleted accounts."""
    return client().collection(DELETED_USERS)


def claim_attempts(digest: str) -> DocumentReference:
    """How often one person tried setup codes, or all persons at one label."""
    return client().collection(CLAIM_ATTEMPTS).document(digest)


def releases() -> CollectionReference:
    """Jobs that finish releases: end the claim at Particle, erase the former owner's history."""
    return client().collection(RELEASES)


def operations() -> CollectionReference:
    """The audit trail: what operators did, and why."""
    return client().collection(OPERATIONS)


def dead_letter(message_id: str) -> DocumentReference:
    """A message that can never be stored as an event."""
    return client().collection(DEAD_LETTERS).document(message_id)


def mints(uid: str, period: int) -> DocumentReference:
    """How many tokens Particle was asked for in a period on account of a customer's apps."""
    digest = hashlib.sha256(f"mints:{uid}".encode()).hexdigest()[:32]
    return limit(f"mints-{digest}-{period}")


def invitation_mails(owner_uid: str, day: str) -> DocumentReference:
    """How many invitations to a customer's devices were mailed on a day."""
    digest = hashlib.sha256(f"invitationMails:{owner_uid}".encode()).hexdigest()[:32]
    return limit(f"invitationMails-{digest}-{day}")


def limit(name: str) -> DocumentReference:
    """A counter that all instances share."""
    return client().collection(LIMITS).document(name)


def health(name: str) -> DocumentReference:
    """What is known about the health of the path from Particle to here."""
    return client().collection(HEALTH).document(name)
