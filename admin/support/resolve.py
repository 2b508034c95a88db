"""From what an operator types to ids of devices and users, and from uids to e-mail addresses."""

from collections.abc import Iterable

from firebase_admin import auth

from admin.cli.errors import CannotRun
from shared import connections
from shared.claims import label
from shared.firestore import paths
from shared.firestore.ids import is_uid

_USERS_PER_REQUEST = 100
"""The most that Auth looks up at once."""


def device_id(text: str) -> str:
    """The id of the registered device with this serial number or device id.

    Raises:
        CannotRun: there is none.
    """
    try:
        found = label.normalise_device_id(text)
    except ValueError:
        try:
            serial_number = label.normalise_serial(text)
        except ValueError as failure:
            raise CannotRun(f"{text!r}: {failure}") from None
        entry = paths.serial_number(serial_number).get().to_dict() or {}
        found = entry.get("deviceId", "")
    if not found or not paths.device(found).get(["ownerUid"]).exists:
        unknown = paths.client().collection(paths.UNKNOWN_DEVICES)
        if found and unknown.document(found).get([]).exists:
            raise CannotRun(
                f"The device {found} publishes, but is not registered: see `devices unknown`, and "
                "import it"
            )
        raise CannotRun(
            f"No device {text!r} is registered: try `devices search --anywhere` with a part of it, "
            "or `devices unknown`"
        )
    return found


def uid(text: str) -> str:
    """The uid of the user with this e-mail address or uid.

    A deleted account has no address any more, but can still be found by its uid.

    Raises:
        CannotRun: there is none, or their uid is one that the product refuses.
    """
    app = connections.firebase()
    try:
        user = auth.get_user_by_email(text, app) if "@" in text else auth.get_user(text, app)
    except (auth.UserNotFoundError, ValueError):
        if "@" not in text and is_uid(text) and paths.deleted_user(text).get().exists:
            return text
        raise CannotRun(
            f"There is no user {text!r}; a deleted account can only be found by its uid"
        ) from None
    if not is_uid(user.uid):
        raise CannotRun(
            f"The uid {user.uid!r} is not a single Firestore id: the product does nothing for it"
        )
    return str(user.uid)


def require_account(uid: str) -> None:
    """Refuse a deleted account, which can be looked up but cannot own anything.

    Raises:
        CannotRun: it was deleted.
    """
    if paths.deleted_user(uid).get([]).exists:
        raise CannotRun(f"The account {uid} was deleted")


def addresses(uids: Iterable[str | None]) -> dict[str, str | None]:
    """The e-mail address of each user who still has an account."""
    wanted = sorted({uid for uid in uids if uid})
    found: dict[str, str | None] = {}
    for start in range(0, len(wanted), _USERS_PER_REQUEST):
        identifiers = [
            auth.UidIdentifier(one) for one in wanted[start : start + _USERS_PER_REQUEST]
        ]
        users = auth.get_users(identifiers, app=connections.firebase()).users
        found |= {user.uid: user.email for user in users}
    return found
