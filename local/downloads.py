"""Downloads the emulators that are not on this machine, during set-up."""

import os
import shutil
import subprocess
from typing import Final

from local.emulators import FIRESTORE, PUBSUB, find_emulators
from local.errors import StackError
from local.java import find_java, java_version
from local.progress import say
from local.runs import FOLDER, ROOT
from local.stack import FIREBASE

# The Firebase CLI's names of the emulators.
_NAMES: Final = {FIRESTORE: "firestore", PUBSUB: "pubsub"}
_TIMEOUT: Final = 600


def get_emulators() -> None:
    """Check for Java, and download the emulators that are not on this machine.

    Raises:
        StackError: there is no Java, or a download failed.
    """
    java = find_java()
    say(f"Java {java_version(java)}: {java}")
    found = find_emulators(FOLDER / "emulators")
    for variable, name in _NAMES.items():
        if variable in found:
            say(f"{name}: {found[variable]}")
            continue
        say(f"{name}: downloading …")
        node = shutil.which("node") or "node"
        result = subprocess.run(  # noqa: S603 - fixed arguments, no shell
            [node, FIREBASE, f"setup:emulators:{name}"],
            cwd=ROOT,
            env={**os.environ, "NO_COLOR": "1"},
            check=False,
            timeout=_TIMEOUT,
        )
        if result.returncode:
            raise StackError(
                f"The {name} emulator is not on this machine and could not be downloaded. Either\n"
                "- connect to the internet and try again, or\n"
                "- install the copy of the Google Cloud CLI: `gcloud components install "
                f"cloud-firestore-emulator pubsub-emulator`, or\n"
                f"- set {variable} to the path of a copy."
            )
