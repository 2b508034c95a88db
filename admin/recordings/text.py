"""The text of a file, read in pieces, whatever its encoding and however large it is."""

import codecs
import gzip
import io
import json
import zlib
from typing import IO, cast

_PIECE = 1 << 20
_GZIP = b"\x1f\x8b"
_NO_TEXT = {
    b"PK\x03\x04": "is a ZIP archive: unpack it first",
    b"Obj\x01": "is an Avro file: export it as JSON",
    b"PAR1": "is a Parquet file: export it as JSON",
}


class UnreadableError(Exception):
    """A file, or a record in it, that cannot be read; says what is wrong with it."""


class Text:
    """The text of a file from its beginning, decompressed, every line of it ended by a line feed.

    Attributes:
        ahead: what has been read of the file; `at` says where in it the unused part begins.
        at: see there.
        line: the number of the line at `at`, from 1.
        began: the line on which the present record begins.
    """

    def __init__(self, file: IO[bytes]) -> None:
        """Begin to read; raises `UnreadableError` for what is no text."""
        self.ahead = ""
        self.at = 0
        self.line = 1
        self.began = 1
        file.seek(0)
        start = file.read(4)
        file.seek(0)
        for magic, what in _NO_TEXT.items():
            if start.startswith(magic):
                raise UnreadableError(what)
        self._file = (
            cast(IO[bytes], gzip.GzipFile(fileobj=file)) if start.startswith(_GZIP) else file
        )
        piece = self._read(_PIECE)
        # The first characters of a recording are ASCII, so that NUL bytes tell the encoding.
        self._decoder = codecs.getincrementaldecoder(json.detect_encoding(piece))()
        self._line_ends = io.IncrementalNewlineDecoder(None, translate=True)
        self._failure: UnreadableError | None = None
        self._ended = False
        self._add(piece)

    def more(self) -> bool:
        """Read ahead, twice as far as before. False at the end of the file.

        Raises:
            UnreadableError: what follows cannot be decompressed or decoded.
        """
        if self._failure:
            raise self._failure
        if self._ended:
            return False
        self._add(self._read(max(_PIECE, len(self.ahead) - self.at)))
        return True

    def use(self, end: int) -> None:
        """Count what is ahead up to `end` as used."""
        self.line += self.ahead.count("\n", self.at, end)
        self.at = end

    def _read(self, size: int) -> bytes:
        try:
            return self._file.read(size)
        except EOFError:
            raise UnreadableError("is incomplete: the compressed file has been cut off") from None
        except (gzip.BadGzipFile, zlib.error) as error:
            raise UnreadableError(f"cannot be decompressed: {error}") from None
        except OSError as error:
            raise UnreadableError(f"cannot be read: {error.strerror}") from error

    def _add(self, piece: bytes) -> None:
        self._ended = not piece
        try:
            text = self._decoder.decode(piece, final=self._ended)
        except UnicodeDecodeError as error:
            # What precedes is used first, so that the failure is reported where it is.
            text = error.object[: error.start].decode(error.encoding, errors="ignore")
            self._failure = UnreadableError(f"is not text in {error.encoding.upper()}")
        text = self._line_ends.decode(text, final=self._ended)
        self.ahead = self.ahead[self.at :] + text
        self.at = 0
