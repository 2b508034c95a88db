"""The devices and users that an operator names, and the addresses of those that are found."""

from collections.abc import Iterable

from firebase_admin import auth

from admin.cli.errors import CannotRun
from shared import connections
from shared.claims import label
from shared.firestore import paths

_AT_ONCE = 100
"""Users that Auth looks up in one request."""


def device_named(text: str) -> str:
    """The id of the device with this serial number or device id.

    Raises:
        CannotRun: there is none.
    """
    try:
        device_id = label.normalise_device_id(text)
    except ValueError:
        try:
            serial_number = label.normalise_serial(text)
        except ValueError as failure:
            raise CannotRun(f"{text!r}: {failure}") from None
        found = paths.serial_number(serial_number).get().to_dict() or {}
        device_id = found.get("deviceId", "")
    if not device_id or not paths.device(device_id).get(["ownerUid"]).exists:
        raise CannotRun(f"No device {text!r} is registered: devices search finds parts of it")
    return device_id


def user_named(text: str) -> str:
    """The uid of the user with this e-mail address or uid.

    A deleted account has no address any more, but it is still known by its uid.

    Raises:
        CannotRun: there is none.
    """
    app = connections.firebase()
    try:
        user = auth.get_user_by_email(text, app) if "@" in text else auth.get_user(text, app)
    except (auth.UserNotFoundError, ValueError):
        if "@" not in text and "/" not in text and paths.deleted_user(text).get().exists:
            return text
        raise CannotRun(
            f"There is no user {text!r}; a deleted account is known by its uid alone"
        ) from None
    return str(user.uid)


def addresses(uids: Iterable[str | None]) -> dict[str, str | None]:
    """The e-mail address of each user who still has an account."""
    wanted = sorted({uid for uid in uids if uid})
    found: dict[str, str | None] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        identifiers = [auth.UidIdentifier(uid) for uid in wanted[start : start + _AT_ONCE]]
        users = auth.get_users(identifiers, app=connections.firebase()).users
        found |= {user.uid: user.email for user in users}
    return found
