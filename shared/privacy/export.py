"""Everything the product has of a customer, as JSON lines, a page at a time.

A line is `{"path": …, "data": {…}}`; the first is the sign-in account. The cursor says where the
last line was: a collection, by its path within the customer's tree, and a document in it.
"""

import base64
import json
from datetime import datetime
from itertools import dropwhile
from typing import Any

import msgspec
from firebase_admin import auth
from google.cloud.firestore import CollectionReference

from shared import connections
from shared.accounts.account import require_account
from shared.errors import BadRequest, SignInRequired
from shared.firestore import erase, paths
from shared.firestore.ids import is_id
from shared.structs import prepared
from shared.times import iso

LINES = 500
"""The most lines of a page."""
BYTES = 1_000_000
"""Characters of a page, about; a single line may be longer."""


@prepared
class _Cursor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the next page begins: in this collection, after this document or at its start."""

    collection: str
    after: str


def page(uid: str, cursor: str | None) -> tuple[list[str], str | None]:
    """The lines after a cursor, and the cursor of the next page or None at the end.

    Raises `BadRequest` for a cursor that is not ours, `SignInRequired` for a deleted account.
    """
    start = _decode(cursor) if cursor is not None else None
    require_account(uid)
    lines = [] if start else [_account(uid), *_profile(uid)]
    size = sum(map(len, lines))
    root = paths.user(uid).path + "/"
    named = [(_relative(collection, root), collection) for collection in erase.collections(uid)]
    if start:
        named = list(dropwhile(lambda one: one[0] != start.collection, named))
        if not named:
            raise BadRequest("This cursor's place no longer exists.", field="cursor")
    for name, collection in named:
        documents = collection.order_by("__name__")
        last = _Cursor(name, start.after if start and name == start.collection else "")
        if last.after:
            documents = documents.start_after({"__name__": last.after})
        for snapshot in documents.limit(LINES).stream():
            if len(lines) >= LINES or size >= BYTES:
                break
            lines.append(_line(snapshot.reference.path, snapshot.to_dict() or {}))
            size += len(lines[-1])
            last = _Cursor(name, snapshot.id)
        if len(lines) >= LINES or size >= BYTES:
            return lines, _encode(last)
    return lines, None


def _relative(collection: CollectionReference, root: str) -> str:
    return "/".join(collection._path).removeprefix(root)  # noqa: SLF001 - it has no public path


def _account(uid: str) -> str:
    try:
        user = auth.get_user(uid, app=connections.firebase())
    except auth.UserNotFoundError:
        raise SignInRequired("This account no longer exists.") from None
    metadata = user.user_metadata
    return _line(
        "account",
        {
            "uid": uid,
            "email": user.email,
            "emailVerified": user.email_verified,
            "displayName": user.display_name,
            "phoneNumber": user.phone_number,
            "providers": [provider.provider_id for provider in user.provider_data],
            "createdAt": metadata.creation_timestamp,
            "lastSignInAt": metadata.last_sign_in_timestamp,
        },
    )


def _profile(uid: str) -> list[str]:
    """The profile, with what the server's record of the customer at Particle says."""
    read = paths.read_all([paths.user(uid), paths.customer(uid)])
    profile, record = (snapshot.to_dict() for snapshot in read)
    if record is not None:
        profile = {**(profile or {}), "particle": record}
    return [] if profile is None else [_line(read[0].reference.path, profile)]


def _line(path: str, data: dict[str, Any]) -> str:
    return json.dumps({"path": path, "data": data}, default=_plain, ensure_ascii=False)


def _plain(value: Any) -> Any:
    return iso(value) if isinstance(value, datetime) else str(value)


def _encode(cursor: _Cursor) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(cursor)).decode()


def _decode(cursor: str) -> _Cursor:
    try:
        found = msgspec.json.decode(base64.urlsafe_b64decode(cursor), type=_Cursor)
    except (ValueError, msgspec.DecodeError):
        found = None
    if found is None or not (found.after == "" or is_id(found.after)):
        raise BadRequest("This is no cursor of an export.", field="cursor")
    return found
