"""The base of all tables: rows by key, and which of them have still to be saved."""

from collections.abc import Iterator, ValuesView
from typing import Generic, TypeVar

import msgspec

Row = TypeVar("Row", bound=msgspec.Struct)


class Table(Generic[Row]):
    """Rows by key, which remembers which of them have changed since the last save.

    A subclass with look-ups of its own overrides `index` and `unindex`.

    Attributes:
        name: of the table in the state file.
        row: the type of the rows.
        rows: the rows by key.
        unsaved: the keys of rows that were added, changed or removed since the last save.
    """

    def __init__(self, name: str, row: type[Row]) -> None:
        self.name = name
        self.row = row
        self.rows: dict[str, Row] = {}
        self.unsaved: set[str] = set()

    def __getitem__(self, key: str) -> Row:
        return self.rows[key]

    def __contains__(self, key: object) -> bool:
        return key in self.rows

    def __iter__(self) -> Iterator[str]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def get(self, key: str) -> Row | None:
        """Return the row with this key, or None."""
        return self.rows.get(key)

    def values(self) -> ValuesView[Row]:
        """Return all rows, oldest first."""
        return self.rows.values()

    def put(self, key: str, row: Row) -> None:
        """Add a row, or replace the one with the same key."""
        self.restore(key, row)
        self.unsaved.add(key)

    def restore(self, key: str, row: Row) -> None:
        """Add a row that comes from the state file and so need not be saved."""
        self.rows[key] = row
        self.index(row)

    def remove(self, key: str) -> None:
        """Remove the row with this key, if there is one."""
        row = self.rows.pop(key, None)
        if row is not None:
            self.unindex(row)
            self.unsaved.add(key)

    def touch(self, key: str) -> None:
        """Mark a row as changed; call this after changing one in place."""
        self.unsaved.add(key)

    def index(self, row: Row) -> None:
        """Enter a row into the look-ups of the table."""

    def unindex(self, row: Row) -> None:
        """Take a row out of the look-ups of the table."""
