"""The emulators that the set-up downloads when this machine has none."""

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

# The Firebase CLI's names, and the parts of the Google Cloud CLI that hold the same emulators.
_NAMES: Final = {FIRESTORE: "firestore", PUBSUB: "pubsub"}
_PATIENCE: Final = 600


def get_emulators() -> None:
    """Check Java and download the emulators that are nowhere on this machine.

    Raises:
        StackError: no Java, or a download failed.
    """
    java = find_java()
    say(f"Java {java_version(java)}: {java}")
    found = find_emulators(FOLDER / "emulators")
    for variable, name in _NAMES.items():
        if variable in found:
            say(f"{name}: {found[variable]}")
            continue
        say(f"{name}: downloading")
        node = shutil.which("node") or "node"
        result = subprocess.run(  # noqa: S603 - fixed arguments, no shell
            [node, FIREBASE, f"setup:emulators:{name}"],
            cwd=ROOT,
            env={**os.environ, "NO_COLOR": "1"},
            check=False,
            timeout=_PATIENCE,
        )
        if result.returncode:
            raise StackError(
                f"The {name} emulator is not on this machine and could not be downloaded. Either\n"
                "- connect to the internet and try again, or\n"
                "- install the Google Cloud CLI's copy: `gcloud components install "
                f"cloud-firestore-emulator pubsub-emulator`, or\n"
                f"- name a copy of it in the environment variable {variable}."
            )
