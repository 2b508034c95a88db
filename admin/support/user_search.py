"""Finding customers by a part of what is known of them."""

from itertools import islice
from typing import Any

from firebase_admin import auth

from admin.cli.progress import track
from admin.support.paging import pages
from shared import connections, times
from shared.firestore import paths

_PAGE = 1000


def search(part: str, limit: int) -> list[dict[str, Any]]:
    """Users whose address, name or uid contains a text; at most `limit`, in Auth's order."""
    wanted = part.strip().casefold()
    profiles = pages(paths.client().collection(paths.USERS).select(["displayName"]), _PAGE)
    names = {
        profile.id: str(name)
        for page in track(profiles, "Profiles", size=len)
        for profile in page
        if (name := (profile.to_dict() or {}).get("displayName"))
    }
    users = auth.list_users(app=connections.firebase()).iterate_all()
    rows = (_row(user, names.get(user.uid)) for user in track(users, "Users"))
    matching = (
        row
        for row in rows
        if any(wanted in str(row[field] or "").casefold() for field in ("email", "name", "uid"))
    )
    return list(islice(matching, limit))


def _row(user: Any, name: str | None) -> dict[str, Any]:
    created = user.user_metadata.creation_timestamp
    return {
        "uid": user.uid,
        "email": user.email,
        "name": name or user.display_name,
        "emailVerified": user.email_verified,
        "signIn": "disabled" if user.disabled else "possible",
        "createdAt": times.of_milliseconds(created) if created else None,
    }
