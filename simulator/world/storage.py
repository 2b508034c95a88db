"""The state file: keeps the state in SQLite, so that a demo continues after a restart.

Every row is stored as JSON under its table and key. `save` writes only what has changed; it is
called before each request is answered, and once a second for what devices do by themselves.
"""

import sqlite3
from pathlib import Path

import msgspec

from simulator.world.state import State


class Storage:
    """The state file."""

    def __init__(self, path: Path) -> None:
        # Created before the thread of the event loop starts, and used only by that thread.
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        # A simulator may lose a second in a power cut, but no answer should wait for the disk.
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS rows"
            " (kind TEXT, key TEXT, json BLOB, PRIMARY KEY (kind, key)) WITHOUT ROWID"
        )

    def load(self, state: State) -> None:
        """Fill an empty state from the file."""
        decoders = {table.name: msgspec.json.Decoder(table.row) for table in state.tables}
        tables = {table.name: table for table in state.tables}
        for kind, key, text in self._db.execute("SELECT kind, key, json FROM rows"):
            tables[kind].restore(key, decoders[kind].decode(text))

    def save(self, state: State) -> None:
        """Write what has changed since the last save, in one transaction."""
        if not any(table.unsaved for table in state.tables):
            return
        self._db.execute("BEGIN")
        for table in state.tables:
            kept = [key for key in table.unsaved if key in table]
            gone = [key for key in table.unsaved if key not in table]
            self._db.executemany(
                "INSERT OR REPLACE INTO rows VALUES (?, ?, ?)",
                [(table.name, key, msgspec.json.encode(table[key])) for key in kept],
            )
            self._db.executemany(
                "DELETE FROM rows WHERE kind = ? AND key = ?", [(table.name, key) for key in gone]
            )
            table.unsaved.clear()
        self._db.execute("COMMIT")

    def clear(self) -> None:
        """Delete everything, for a reset."""
        self._db.execute("DELETE FROM rows")

    def close(self) -> None:
        """Close the file."""
        self._db.close()
