"""Files of setup codes, which only the operator may read."""

import contextlib
import os
import pathlib
from collections.abc import Iterator
from typing import IO

from admin.cli.errors import CannotRun


@contextlib.contextmanager
def created(*paths: pathlib.Path) -> Iterator[list[IO[str]]]:
    """New files that only the operator can read; none is left if not all could be written.

    Raises:
        CannotRun: a file exists, since its codes may be printed already, or cannot be written.
    """
    made: list[pathlib.Path] = []
    with contextlib.ExitStack() as stack:
        try:
            files = [stack.enter_context(_private(path, made)) for path in paths]
            yield files
            for file in files:
                file.close()
        except BaseException as failure:
            for path in made:
                path.unlink(missing_ok=True)
            if isinstance(failure, FileExistsError):
                raise CannotRun(
                    f"{failure.filename} exists, and its codes may be printed already: move it, or "
                    "name another"
                ) from failure
            if isinstance(failure, OSError):
                name = failure.filename or " and ".join(map(str, paths))
                raise CannotRun(f"{name} cannot be written: {failure.strerror}") from failure
            raise


def _private(path: pathlib.Path, made: list[pathlib.Path]) -> IO[str]:
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    made.append(path)
    return os.fdopen(number, "w", encoding="utf-8", newline="")
