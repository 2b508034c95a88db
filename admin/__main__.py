"""Entry point of `python -m admin`."""

import contextlib
import io
import os
import sys


def _run() -> int:
    for stream in (sys.stdout, sys.stderr):
        # A terminal without UTF-8 shows other characters as escapes, and no traceback.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        from admin.app import main  # noqa: PLC0415 - Ctrl-C may come at once

        status = main()
    except KeyboardInterrupt:
        status = 130
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        pass
    except OSError as failure:
        status = 2
        with contextlib.suppress(OSError):
            sys.stderr.write(f"Error: the answer cannot be written: {failure.strerror}\n")
            sys.stderr.flush()
    return status


if __name__ == "__main__":
    code = _run()
    with contextlib.suppress(OSError):
        sys.stderr.flush()
    # At once: the exit of the interpreter waits for requests under way, and writes again to a full
    # disk or a closed pipe what could not be written.
    os._exit(code)
