"""A recording: checked from its beginning to its end before its messages are given to anybody."""

import contextlib
import pathlib
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import IO

from admin.cli.errors import CannotRun
from admin.recordings import forms
from admin.recordings.bigquery import DataColumns, DataType
from admin.recordings.forms import Fields, Message
from admin.recordings.records import Record, records
from admin.recordings.text import Text, UnreadableError
from shared.telemetry.message import MAX_DATA_BYTES, MAX_NAME_BYTES, UnstorableError, event_in, read

_SHOWN = 20
"""How many faults are shown before the rest is only counted."""
_UNSTORABLE = {
    "no-device-id": "names no device (attribute device_id)",
    "bad-device-id": "has a device id that is not 24 hexadecimal digits",
    "no-event-name": "does not name its event (attribute event)",
    "bad-event-name": f"has an event's name that is no text or longer than {MAX_NAME_BYTES} bytes",
    "no-time": "does not say when it was published (published_at, publishTime)",
    "too-large": f"has more than {MAX_DATA_BYTES} bytes of data",
}
"""What `ingest` would make a dead letter of, in words."""


class Recording:
    """The messages in a file, which is read twice and never held in memory as a whole."""

    def __init__(self, path: pathlib.Path, file: IO[bytes], data_type: DataType | None) -> None:
        """Of an open file; nothing is read yet."""
        self._path = path
        self._file = file
        self._columns = DataColumns(data_type)
        self.count = 0
        """How many messages there are, once it was checked."""

    def check(self) -> Iterator[None]:
        """Check the messages, one a turn.

        Raises:
            CannotRun: after the last one, if not all of them can be read; says which, and why.
        """
        faults: list[str] = []
        for where, found in self._read():
            self.count += 1
            fault = found if isinstance(found, UnreadableError) else _unstorable(found)
            if fault:
                faults.append(f"{where} {fault}")
            yield
        faults += self._columns.unclear()
        if faults:
            more = [f"and {len(faults) - _SHOWN} more"] if len(faults) > _SHOWN else []
            heading = f"{self._path} was not replayed. Nothing was written:"
            raise CannotRun("\n".join([heading, *faults[:_SHOWN], *more, forms.READABLE]))

    def messages(self) -> Iterator[Message]:
        """The messages as Pub/Sub delivers them, after `check`."""
        # What has been appended meanwhile is not checked.
        for where, found in islice(self._read(), self.count):
            if isinstance(found, UnreadableError):
                raise CannotRun(f"{self._path} was changed while it was read: {where} {found}")
            yield found

    def _read(self) -> Iterator[tuple[str, Message | UnreadableError]]:
        """Each message, or what is wrong with it, and its place."""
        number, text = 0, None
        try:
            text = Text(self._file)
            for record in records(text):
                for fields in _events(record):
                    number += 1
                    where = f"record {number} (line {record.line})"
                    yield where, self._message(fields, where)
        except UnreadableError as fault:
            if text is None:
                yield "the file", fault
            else:
                where = f"record {number + 1} (line {text.began})"
                yield where, UnreadableError(f"{fault}. What follows was not checked")

    def _message(self, fields: Fields | UnreadableError, where: str) -> Message | UnreadableError:
        if isinstance(fields, UnreadableError):
            return fields
        try:
            return forms.message(fields, self._columns, where)
        except UnreadableError as fault:
            return fault


@contextlib.contextmanager
def opened(path: pathlib.Path, data_type: DataType | None) -> Iterator[Recording]:
    """The recording in a file, or in a pipe, which is copied to the disk first.

    Raises:
        CannotRun: it cannot be opened.
    """
    with contextlib.ExitStack() as stack:
        try:
            file: IO[bytes] = stack.enter_context(path.open("rb"))
            if not file.seekable():
                copy = stack.enter_context(tempfile.TemporaryFile())
                shutil.copyfileobj(file, copy)
                file = copy
        except OSError as error:
            raise CannotRun(f"{path} cannot be read: {error.strerror}") from error
        yield Recording(path, file, data_type)


def _events(record: Record) -> Iterator[Fields | UnreadableError]:
    try:
        yield from forms.events(record)
    except UnreadableError as fault:
        yield fault
    except RecursionError:
        yield UnreadableError("is nested too deeply")


def _unstorable(message: Message) -> str | None:
    """What is wrong with a message that `ingest` would make a dead letter of."""
    try:
        event_in(read(message), datetime.now(UTC))
    except UnstorableError as failure:
        return _UNSTORABLE.get(failure.reason, f"cannot be stored: {failure.reason}")
    return None
