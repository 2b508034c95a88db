"""Races for one device, in many rounds: runs the functional tests of races on their own stack."""

import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from benchmarks.server import ROOT

TESTS = "tests/functional/test_ownership_races.py"
_NAME = re.compile(r"test_a_race\[(\w+)-(\w+)\]")


@dataclass(frozen=True)
class Race:
    """One race in one access mode."""

    mode: str
    name: str
    seconds: float
    problem: str | None
    """The first line of the failure, if there was one."""


def run(rounds: int) -> list[Race]:
    """Run all races. Raises `RuntimeError` when they could not be run."""
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "races.xml"
        status = _pytest(TESTS, f"--junitxml={found}", RACE_ROUNDS=str(rounds))
        if status not in {0, 1}:
            raise RuntimeError(f"pytest ended with status {status}")
        cases = ET.parse(found).iter("testcase")  # noqa: S314 - written just now by pytest
        return [_race(case) for case in cases]


def _pytest(*arguments: str, **environment: str) -> int:
    """Run pytest, with its output on stderr; when this is stopped, pytest can still clean up."""
    with subprocess.Popen(  # noqa: S603 - fixed argv
        [sys.executable, "-m", "pytest", "-q", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=sys.stderr,
        start_new_session=True,
    ) as process:
        try:
            return process.wait()
        except BaseException:
            process.terminate()
            raise


def _race(case: ET.Element) -> Race:
    named = _NAME.fullmatch(case.get("name", ""))
    if named is None:
        raise RuntimeError(f"{case.get('name')} is not a race")
    failed = next((part for part in case if part.tag in {"failure", "error"}), None)
    problem = None if failed is None else failed.get("message", "").partition("\n")[0]
    return Race(named[1], named[2].replace("_", " "), float(case.get("time", 0)), problem)
