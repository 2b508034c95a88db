"""Keeps the state in one SQLite file, so that a demo continues after a restart.

Every row is JSON under its table and key. `save` writes only what changed; the simulator calls it
before it answers a request, and once a second for what devices do by themselves.
"""

import sqlite3
from pathlib import Path

import msgspec

from simulator.world.state import State


class Storage:
    """The state file."""

    def __init__(self, path: Path) -> None:
        # Made before the event loop's thread may run, used by that alone.
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        # A lost second after a power cut is fine for a simulator; a slow disk in every answer not.
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS rows"
            " (kind TEXT, key TEXT, json BLOB, PRIMARY KEY (kind, key)) WITHOUT ROWID"
        )

    def load(self, state: State) -> None:
        """Fills an empty state from the file."""
        decoders = {table.name: msgspec.json.Decoder(table.row) for table in state.tables}
        tables = {table.name: table for table in state.tables}
        for kind, key, text in self._db.execute("SELECT kind, key, json FROM rows"):
            tables[kind].rows[key] = decoders[kind].decode(text)
        state.index()

    def save(self, state: State) -> None:
        """Writes what changed since the last time, in one transaction."""
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
        """Forgets everything, for a reset to the start state."""
        self._db.execute("DELETE FROM rows")

    def close(self) -> None:
        self._db.close()
