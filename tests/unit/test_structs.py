"""The first requests of an instance come at the same time, to structs that nobody has used yet."""

import subprocess
import sys

import pytest

import main
from local.runs import ROOT

_AT_ONCE = """
import sys, threading
sys.setswitchinterval(1e-6)
def at_once(work):
    barrier = threading.Barrier(8)
    def one():
        barrier.wait()
        try:
            work()
        except Exception:
            pass
    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
"""
_FIRST_CALLS = """
import importlib
from shared.accounts.session import Session
from shared.api import callables
from shared.privacy import export
at_once(lambda: Session.of({"uid": "u"}))
at_once(lambda: export._decode("e30="))
for name in sys.argv[1:]:
    module = importlib.import_module(f"functions.{name}")
    if hasattr(module, "Request"):
        data = dict.fromkeys(module.Request.__struct_encode_fields__, "x")
        at_once(lambda: callables._input(data, module.Request))
print("alive")
"""
_WITHOUT = """
from typing import Annotated
import msgspec
for _ in range(300):
    class Request(msgspec.Struct, rename="camel", kw_only=True):
        device_id: Annotated[str, msgspec.Meta(pattern="x")]
        role: Annotated[str, msgspec.Meta(min_length=1)] | None = None
    at_once(lambda: msgspec.convert({"deviceId": "x"}, Request))
print("alive")
"""


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - fixed argv
        [sys.executable, "-c", _AT_ONCE + script, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("_turn", range(3))
def test_first_calls_at_once_crash_no_instance(_turn: int) -> None:
    done = run(_FIRST_CALLS, *main.FUNCTIONS)
    assert (done.returncode, done.stdout.strip()) == (0, "alive"), done.stderr


def test_what_they_are_prepared_for() -> None:
    """When this fails, msgspec has become safe, and `shared/structs.py` can go."""
    assert run(_WITHOUT).returncode != 0
