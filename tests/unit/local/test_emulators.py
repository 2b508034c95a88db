"""Where the emulators come from, and the launchers that some copies need."""

import os
import subprocess
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local import emulators
from local.emulators import FIRESTORE, PUBSUB, find_emulators, manifest, runnable_jar
from local.errors import StackError


@pytest.fixture
def sdk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Google Cloud CLI with both emulators, the only one of this machine."""
    root = tmp_path / "google-cloud-sdk"
    firestore = root / "platform/cloud-firestore-emulator/cloud-firestore-emulator.jar"
    pubsub = root / "platform/pubsub-emulator/bin/cloud-pubsub-emulator"
    for file in (firestore, pubsub):
        file.parent.mkdir(parents=True)
    write_jar(firestore, "Manifest-Version: 1.0\r\n")
    pubsub.write_text('#!/bin/sh\necho "pubsub $*"\n', encoding="utf-8")
    pubsub.chmod(0o755)
    monkeypatch.setattr(emulators, "sdk_roots", lambda: [tmp_path / "absent", root])
    monkeypatch.delenv(FIRESTORE, raising=False)
    monkeypatch.delenv(PUBSUB, raising=False)
    return root


def write_jar(file: Path, manifest_text: str) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", manifest_text)


def read_manifest(jar: Path) -> dict[str, str]:
    """The attributes, with continued lines joined, as Java reads them."""
    with zipfile.ZipFile(jar) as archive:
        text = archive.read("META-INF/MANIFEST.MF").decode()
    return dict(line.split(": ", 1) for line in text.replace("\r\n ", "").split("\r\n") if line)


def test_what_the_environment_names_comes_first(
    sdk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sdk.is_dir()
    mine = tmp_path / "mine.jar"
    write_jar(mine, "Manifest-Version: 1.0\r\nMain-Class: a.B\r\n")
    script = tmp_path / "my-pubsub"
    script.touch()
    monkeypatch.setenv(FIRESTORE, str(mine))
    monkeypatch.setenv(PUBSUB, str(script))

    assert find_emulators(tmp_path / "launchers") == {FIRESTORE: str(mine), PUBSUB: str(script)}


def test_the_google_cloud_clis_copies_come_next(sdk: Path, tmp_path: Path) -> None:
    found = find_emulators(tmp_path / "launchers")

    assert Path(found[PUBSUB]) == sdk / "platform/pubsub-emulator/bin/cloud-pubsub-emulator"
    attributes = read_manifest(Path(found[FIRESTORE]))
    jar = sdk / "platform/cloud-firestore-emulator/cloud-firestore-emulator.jar"
    assert attributes["Class-Path"] == jar.as_uri()
    assert attributes["Main-Class"].endswith(".CloudFirestore")


def test_without_any_the_firebase_cli_downloads_its_own(
    sdk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sdk.is_dir()
    monkeypatch.setattr(emulators, "sdk_roots", lambda: [tmp_path / "absent"])

    assert find_emulators(tmp_path / "launchers") == {}


def test_a_wrong_path_in_the_environment_is_named(
    sdk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sdk.is_dir()
    monkeypatch.setenv(FIRESTORE, str(tmp_path / "nowhere.jar"))

    with pytest.raises(StackError, match=f"{FIRESTORE} names .*nowhere.jar"):
        find_emulators(tmp_path / "launchers")


def test_the_google_cloud_cli_on_path_is_looked_at_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gcloud = tmp_path / "sdk" / "bin" / "gcloud"
    gcloud.parent.mkdir(parents=True)
    gcloud.touch()
    gcloud.chmod(0o755)
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / "gcloud").symlink_to(gcloud)
    monkeypatch.setenv("PATH", str(tmp_path / "path"))

    assert emulators.sdk_roots()[0] == (tmp_path / "sdk").resolve()


def test_a_jar_that_names_its_main_class_is_used_as_it_is(tmp_path: Path) -> None:
    jar = tmp_path / "complete.jar"
    write_jar(jar, "Manifest-Version: 1.0\r\nMain-Class: a.B\r\n")

    assert runnable_jar(jar, tmp_path / "launchers") == jar
    assert not (tmp_path / "launchers").exists()


@given(folder=st.text("abcdefghij -ä", min_size=1, max_size=180))
def test_manifest_lines_keep_to_72_bytes_and_read_back(folder: str) -> None:
    jar = Path("/") / f"x{folder}" / "emulator.jar"

    lines = manifest("com.example.Main", jar).split(b"\r\n")

    assert max(len(line) for line in lines) <= 72
    text = b"\r\n".join(lines).decode("ascii").replace("\r\n ", "")
    assert text == (
        "Manifest-Version: 1.0\r\n"
        "Main-Class: com.example.Main\r\n"
        f"Class-Path: {jar.resolve().as_uri()}\r\n"
    )


def test_a_script_of_another_user_is_started_through_one_of_ours(
    sdk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The Firebase CLI changes its mode, which only the owner may do.
    owner = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)

    launcher = find_emulators(tmp_path / "launchers")[PUBSUB]

    assert not Path(launcher).is_relative_to(sdk)
    answer = subprocess.run(  # noqa: S603 - our own script
        [launcher, "--port=1 2", "x"], capture_output=True, text=True, check=True
    )
    assert answer.stdout == "pubsub --port=1 2 x\n"
