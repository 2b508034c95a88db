"""Where the Firestore and the Pub/Sub emulator come from.

The Firebase CLI brings the other emulators. For these two it is given, in this order: what the user
named in the environment, the copy that comes with the Google Cloud CLI, else nothing, and then it
downloads its own.
"""

import os
import shlex
import shutil
import zipfile
from pathlib import Path
from typing import Final

from local.errors import StackError

#: The variables by which firebase-tools takes a local copy (emulator/downloadableEmulators.js).
FIRESTORE: Final = "FIRESTORE_EMULATOR_BINARY_PATH"
PUBSUB: Final = "PUBSUB_EMULATOR_BINARY_PATH"

_FIRESTORE_MAIN: Final = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
_IN_SDK: Final = {
    FIRESTORE: Path("platform/cloud-firestore-emulator/cloud-firestore-emulator.jar"),
    PUBSUB: Path("platform/pubsub-emulator/bin/cloud-pubsub-emulator"),
}
_MANIFEST: Final = "META-INF/MANIFEST.MF"
# The JAR specification allows 72 bytes in a line; its end is counted too by some readers.
_MANIFEST_LINE: Final = 70


def find_emulators(folder: Path) -> dict[str, str]:
    """Environment that makes the Firebase CLI use the copies on this machine; without those, empty.

    Args:
        folder: an ignored folder for the launchers that some copies need.

    Raises:
        StackError: the environment names a file that is not there.
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
        raise StackError(
            f"{variable} names {value}, and there is no such file. Correct it or unset it."
        )
    return path.resolve()


def _from_sdk(path: Path) -> Path | None:
    return next((root / path for root in sdk_roots() if (root / path).is_file()), None)


def sdk_roots() -> list[Path]:
    """Where the Google Cloud CLI may lie: the one on PATH first, then the usual folders."""
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
    """The JAR itself when `java -jar` can start it, else a launcher that holds only a manifest.

    firebase-tools starts the Firestore emulator with `java -jar`, but the Google Cloud CLI's copy
    names no main class.
    """
    with zipfile.ZipFile(jar) as archive:
        if "Main-Class:" in archive.read(_MANIFEST).decode():
            return jar
    launcher = folder / "firestore-launcher.jar"
    folder.mkdir(parents=True, exist_ok=True)
    # Written beside and moved, since another stack may be reading it at this moment.
    fresh = launcher.with_suffix(f".{os.getpid()}")
    with zipfile.ZipFile(fresh, "w") as archive:
        archive.writestr(_MANIFEST, manifest(_FIRESTORE_MAIN, jar))
    fresh.replace(launcher)
    return launcher


def manifest(main_class: str, jar: Path) -> bytes:
    """A JAR manifest that runs a class of another JAR, its lines wrapped as the format asks."""
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
            # A line that begins with a space continues the one before it.
            lines.append(b" " + rest[: _MANIFEST_LINE - 1])
            rest = rest[_MANIFEST_LINE - 1 :]
    return b"\r\n".join([*lines, b""])


def runnable_script(script: Path, folder: Path) -> Path:
    """The script itself, or a launcher of ours where its mode is not ours to change.

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
