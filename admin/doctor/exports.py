"""The functions of this checkout, which may have a fault."""

import contextlib
import importlib
import traceback
from collections.abc import Iterator

from admin.cli.errors import CannotRun
from local.runs import ROOT
from shared.settings import SettingMissingError


def functions() -> tuple[str, ...]:
    """The names of the functions that `main.py` exports.

    Raises:
        CannotRun: it, or one of its functions, cannot be imported.
        SettingMissingError: one of the product's own files is wrong.
    """
    with _explained():
        names: tuple[str, ...] = importlib.import_module("main").FUNCTIONS
    return names


def callables() -> tuple[str, ...]:
    """Those that apps call. Raises like `functions`."""
    names = functions()
    with _explained():
        found = {n: getattr(importlib.import_module(f"functions.{n}"), n) for n in names}
    return tuple(
        name for name, one in found.items() if one.__firebase_endpoint__.callableTrigger is not None
    )


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except SettingMissingError:
        raise
    except Exception as fault:
        raise CannotRun(
            f"{_place(fault)}: {type(fault).__name__}: {str(fault)[:200]}. Correct it: with this "
            "fault, no function can be deployed"
        ) from fault


def _place(fault: Exception) -> str:
    """The last line of ours that led to it."""
    if isinstance(fault, SyntaxError) and fault.filename:
        where, line = fault.filename, fault.lineno
    else:
        ours = [
            (frame.filename, frame.lineno)
            for frame in traceback.extract_tb(fault.__traceback__)
            if frame.filename.startswith(f"{ROOT}/")
            and not frame.filename.startswith((f"{ROOT}/venv/", f"{ROOT}/admin/"))
        ]
        where, line = ours[-1] if ours else (f"{ROOT}/main.py", None)
    return where.removeprefix(f"{ROOT}/") + (f", line {line}" if line else "")
