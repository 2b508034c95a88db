"""Finds the Firestore and the Pub/Sub emulator on this machine.

The Firebase CLI contains the other emulators. For these two it uses the copy that the environment
names, else the copy of the Google Cloud CLI, else one that it downloads itself.
"""

import os
import shlex
import shutil
import zipfile
from pathlib import Path
from typing import Final

from local.errors import StackError

#: The variables that make firebase-tools use a local copy (emulator/downloadableEmulators.js).
FIRESTORE: Final = "FIRESTORE_EMULATOR_BINARY_PATH"
PUBSUB: Final = "PUBSUB_EMULATOR_BINARY_PATH"

_FIRESTORE_MAIN: Final = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
_IN_SDK: Final = {
    FIRESTORE: Path("platform/cloud-firestore-emulator/cloud-firestore-emulator.jar"),
    PUBSUB: Path("platform/pubsub-emulator/bin/cloud-pubsub-emulator"),
}
_MANIFEST: Final = "META-INF/MANIFEST.MF"
# The JAR specification allows 72 bytes in a line; some readers count the line break as well.
_MANIFEST_LINE: Final = 70


def find_emulators(folder: Path) -> dict[str, str]:
    """Return the variables that make the Firebase CLI use the copies on this machine, if any.

    Args:
        folder: a folder that git ignores, for the launchers that some copies need.

    Raises:
        StackError: the environment names a file that does not exist.
    """
    found: dict[str, str] = {}
    for variable, launcher in ((FIRESTORE, runnable_jar), (PUBSUB, runnable_script)):
        source = _from_environment(variable) or _from_sdk(_IN_SDK[variable])
        if source:
            found[variable] = str(launcher(source, folder))
    return found


def _from_environment(variable: str) -> Path | None:
    value = os.environ.get(variable)
    if not value:
        return None
    path = Path(value).expanduser()
    if not path.is_file():
        raise StackError(f"{variable} names {value}, which does not exist. Correct it or unset it.")
    return path.resolve()


def _from_sdk(path: Path) -> Path | None:
    return next((root / path for root in sdk_roots() if (root / path).is_file()), None)


def sdk_roots() -> list[Path]:
    """Return the folders where the Google Cloud CLI may be: that on PATH, then the usual ones."""
    roots = []
    if gcloud := shutil.which("gcloud"):
        roots.append(Path(gcloud).resolve().parent.parent)
    roots += [
        Path("/usr/lib/google-cloud-sdk"),
        Path("/usr/share/google-cloud-sdk"),
        Path("/opt/google-cloud-sdk"),
        Path("/opt/homebrew/share/google-cloud-sdk"),
        Path("/usr/local/share/google-cloud-sdk"),
        Path("/snap/google-cloud-cli/current"),
        Path.home() / "google-cloud-sdk",
    ]
    return roots


def runnable_jar(jar: Path, folder: Path) -> Path:
    """Return the JAR itself if `java -jar` can start it, else a launcher for it.

    firebase-tools starts the Firestore emulator with `java -jar`, but the Google Cloud CLI's copy
    names no main class. The launcher is a JAR with only a manifest, which names it.
    """
    with zipfile.ZipFile(jar) as archive:
        if "Main-Class:" in archive.read(_MANIFEST).decode():
            return jar
    launcher = folder / "firestore-launcher.jar"
    folder.mkdir(parents=True, exist_ok=True)
    # Written to another file and then moved, since another stack may be reading it.
    fresh = launcher.with_suffix(f".{os.getpid()}")
    with zipfile.ZipFile(fresh, "w") as archive:
        archive.writestr(_MANIFEST, manifest(_FIRESTORE_MAIN, jar))
    fresh.replace(launcher)
    return launcher


def manifest(main_class: str, jar: Path) -> bytes:
    """Return a JAR manifest that runs a class of another JAR; its lines are wrapped as required."""
    attributes = {
        "Manifest-Version": "1.0",
        "Main-Class": main_class,
        "Class-Path": jar.resolve().as_uri(),
    }
    lines: list[bytes] = []
    for name, value in attributes.items():
        rest = f"{name}: {value}".encode()
        lines.append(rest[:_MANIFEST_LINE])
        rest = rest[_MANIFEST_LINE:]
        while rest:
            # A line that begins with a space continues the previous one.
            lines.append(b" " + rest[: _MANIFEST_LINE - 1])
            rest = rest[_MANIFEST_LINE - 1 :]
    return b"\r\n".join([*lines, b""])


def runnable_script(script: Path, folder: Path) -> Path:
    """Return the script itself if this user owns it, else a launcher for it.

    firebase-tools makes the file executable by chmod, which only its owner may do.
    """
    if script.stat().st_uid == os.getuid():
        return script
    launcher = folder / "pubsub-launcher"
    folder.mkdir(parents=True, exist_ok=True)
    fresh = launcher.with_suffix(f".{os.getpid()}")
    fresh.write_text(f'#!/bin/sh\nexec {shlex.quote(str(script))} "$@"\n', encoding="utf-8")
    fresh.chmod(0o755)
    fresh.replace(launcher)
    return launcher
