"""Finding devices by whatever an operator knows of them."""

import re
from collections.abc import Iterator
from itertools import dropwhile, islice
from typing import Any

from google.cloud.firestore import FieldFilter

from admin.cli.errors import CannotRun
from admin.cli.progress import track
from admin.support import resolve
from admin.support.paging import pages
from shared.claims import label
from shared.firestore import paths

_PAGE = 100
_ID_PART = re.compile(r"[0-9a-f]{1,24}")
_LAST_CHARACTER = "\uf8ff"
"""Sorts after every character of serial numbers and ids."""

_Row = dict[str, Any]


def search(
    text: str | None, owner: str | None, *, limit: int, after: str | None
) -> tuple[list[_Row], str | None]:
    """A page of devices, and the cursor of the next page or None.

    Args:
        text: the beginning of a serial number or device id, or a user's address or uid.
        owner: a user's address or uid, to find only their devices.
        limit: rows per page.
        after: the cursor of an earlier page.

    Raises:
        CannotRun: there is nothing to search by, no such owner, or no such cursor.
    """
    if owner is not None:
        sources = {"owner": _owned(resolve.uid(owner), _prefixes(text) if text else None)}
    elif text:
        sources = _sources(text)
    else:
        raise CannotRun(
            "Name what to search for: the beginning of a serial number or id, or --owner"
        )
    kind, _, last = (after or "").partition(":")
    if after and kind not in sources:
        raise CannotRun("--after needs the cursor that the previous page of the same search named")
    following = dropwhile(lambda one: after and one != kind, sources)
    found = (
        (f"{name}:{place}", row)
        for name in following
        for place, row in sources[name](last if name == kind else "")
    )
    taken = list(islice(found, limit + 1))
    rows = [row for _place, row in taken[:limit]]
    known = resolve.addresses(row["ownerUid"] for row in rows)
    rows = [{**row, "ownerEmail": known.get(row["ownerUid"])} for row in rows]
    return rows, taken[limit - 1][0] if len(taken) > limit else None


def anywhere(text: str, limit: int) -> list[_Row]:
    """Devices that contain a text in serial number, id, name or the owner's address.

    Reads the whole registry, and the devices of all owners. At most `limit`, in the order of ids.
    """
    wanted = text.strip().casefold()
    label_part = label.readable(text).upper()
    if not wanted:
        raise CannotRun("Name a part of a serial number, an id, a name or an address")

    def matches(row: _Row) -> bool:
        serial = label.readable(str(row["serialNumber"] or "")).upper()
        return bool(label_part and label_part in serial) or any(
            wanted in str(row[field] or "").casefold()
            for field in ("deviceId", "name", "ownerEmail")
        )

    registry = pages(paths.devices().select(_FIELDS), _PAGE)
    rows = (
        row
        for page in track(registry, "Devices", size=len)
        for row in _with_names([_row(entry) for entry in page])
    )
    return list(islice(filter(matches, rows), limit))


def _with_names(rows: list[_Row]) -> list[_Row]:
    """The devices with their names and their owners' addresses."""
    owned = [paths.user_device(row["ownerUid"], row["deviceId"]) for row in rows if row["ownerUid"]]
    found = paths.client().get_all(owned, ["name"]) if owned else []
    names = {one.id: (one.to_dict() or {}).get("name") for one in found}
    known = resolve.addresses(row["ownerUid"] for row in rows)
    return [
        {**row, "name": names.get(row["deviceId"]), "ownerEmail": known.get(row["ownerUid"])}
        for row in rows
    ]


def _sources(text: str) -> dict[str, Any]:
    """Where to look, in this order; a device is found once."""
    serial, device_id = _prefixes(text)
    sources: dict[str, Any] = {}
    if serial:
        sources["serial"] = lambda after: _by_serial(serial, after)
    if device_id:
        sources["id"] = lambda after: _by_id(device_id, serial, after)
    sources["owner"] = _owned(resolve.uid(text) if "@" in text else text, None)
    return sources


def _prefixes(text: str) -> tuple[str | None, str | None]:
    """The text as the beginning of a serial number, and as that of a device id."""
    try:
        serial = label.normalise_serial(text)
    except ValueError:
        serial = None
    device_id = text.strip().lower()
    return serial, device_id if _ID_PART.fullmatch(device_id) else None


def _by_serial(prefix: str, after: str) -> Iterator[tuple[str, _Row]]:
    for page in pages(_beginning(paths.SERIAL_NUMBERS, prefix, after), _PAGE):
        references = {s.id: paths.device(s.get("deviceId")) for s in page}
        entries = {s.id: s for s in paths.client().get_all(list(references.values()), _FIELDS)}
        for serial, reference in references.items():
            yield serial, _row(entries[reference.id])


def _by_id(prefix: str, but_serial: str | None, after: str) -> Iterator[tuple[str, _Row]]:
    for page in pages(_beginning(paths.DEVICES, prefix, after).select(_FIELDS), _PAGE):
        rows = [_row(entry) for entry in page]
        yield from ((r["deviceId"], r) for r in rows if not _matches(r, (but_serial, None)))


def _owned(uid: str, prefixes: tuple[str | None, str | None] | None) -> Any:
    def by_owner(after: str) -> Iterator[tuple[str, _Row]]:
        owned = paths.devices().where(filter=FieldFilter("ownerUid", "==", uid)).select(_FIELDS)
        for page in pages(owned, _PAGE, after):
            rows = [_row(entry) for entry in page]
            yield from (
                (r["deviceId"], r) for r in rows if prefixes is None or _matches(r, prefixes)
            )

    return by_owner


_FIELDS = ["serialNumber", "ownerUid", "claimedAt", "blocked"]


def _beginning(collection: str, prefix: str, after: str) -> Any:
    """Documents whose ids begin with the prefix, those after an id."""
    documents = paths.client().collection(collection)
    start = documents.document(after or prefix)
    end = documents.document(prefix + _LAST_CHARACTER)
    return documents.where(filter=FieldFilter("__name__", ">" if after else ">=", start)).where(
        filter=FieldFilter("__name__", "<", end)
    )


def _matches(row: _Row, prefixes: tuple[str | None, str | None]) -> bool:
    serial, device_id = prefixes
    own = label.normalise_serial(row["serialNumber"])
    return bool(
        (serial and own.startswith(serial)) or (device_id and row["deviceId"].startswith(device_id))
    )


def _row(entry: paths.Snapshot) -> _Row:
    fields = entry.to_dict() or {}
    return {"deviceId": entry.id, **{field: fields.get(field) for field in _FIELDS}}
