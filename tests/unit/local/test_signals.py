"""Being told to stop."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from local.runs import ROOT
from local.signals import Make, Stopped, stop_signals, uninterrupted

LISTENING = """
import sys, time
sys.path.insert(0, sys.argv[1])
from local.signals import Make
make = Make()
print("up", flush=True)
while not make.interrupted():
    time.sleep(0.05)
print("told", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_signal_stops_and_the_next_change_nothing(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with stop_signals():
        with pytest.raises(Stopped):
            signal.raise_signal(number)
        signal.raise_signal(number)
        signal.raise_signal(signal.SIGTERM)

    assert signal.getsignal(number) == before


def test_a_signal_waits_for_the_end_of_what_must_not_be_interrupted() -> None:
    done = False
    enough = threading.Event()
    # The system may hand a signal to any thread of the process.
    other = threading.Thread(target=enough.wait)
    other.start()
    try:
        with stop_signals(), pytest.raises(Stopped):  # noqa: PT012 - where it is raised counts
            with uninterrupted():
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(0.05)
                done = True
            pytest.fail("the signal was lost")
    finally:
        enough.set()
        other.join()

    assert done


def test_a_signal_to_make_alone_is_noticed(tmp_path: Path) -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("only Linux shows which signals another process catches")
    make = shutil.which("make")
    assert make
    (tmp_path / "program.py").write_text(LISTENING, encoding="utf-8")
    (tmp_path / "Makefile").write_text(
        f"run:\n\t@exec {sys.executable} program.py {ROOT}\n", encoding="utf-8"
    )
    with subprocess.Popen(  # noqa: S603 - fixed arguments, no shell
        [make, "--no-print-directory", "run"],
        cwd=tmp_path,
        # These tests may have been started by a make, too.
        env={name: value for name, value in os.environ.items() if not name.startswith("MAKE")},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "up\n"

        process.send_signal(signal.SIGINT)

        assert process.stdout.readline() == "told\n"
        process.wait(10)


def test_a_parent_that_is_no_make_tells_nothing() -> None:
    process = subprocess.Popen(  # noqa: S603 - fixed arguments, no shell
        [sys.executable, "-c", LISTENING, str(ROOT)], stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout
        assert process.stdout.readline() == "up\n"
        time.sleep(0.3)
        assert process.poll() is None
        process.kill()


def test_make_is_looked_at_by_name() -> None:
    assert not Make().interrupted()
