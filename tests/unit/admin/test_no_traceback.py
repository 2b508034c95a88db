"""Whatever is typed, and however a command ends, an operator reads sentences and no traceback."""

import os
import pathlib
import signal
import subprocess
import sys
from unittest import mock

import pytest

from admin import app
from admin.app import main
from admin.cli import interrupted
from admin.cli.errors import CannotRun
from admin.cli.output import answer
from admin.cli.progress import track
from admin.commands import audit
from admin.doctor import exports
from local.runs import ROOT
from shared import log


def test_bytes_that_are_no_text_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--local", "devices", "show", "PT-\udcff"]) == 2
    assert "'PT-?' (word 4) is not text in UTF-8" in capsys.readouterr().err


def test_a_fault_of_ours_is_kept_in_a_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(app, "app", mock.Mock(side_effect=ZeroDivisionError("secret")))
    assert main(["doctor"]) == 2
    said = capsys.readouterr().err
    assert "secret" not in said
    file = pathlib.Path(said.partition("the file ")[2].partition(". `")[0])
    assert "ZeroDivisionError: secret" in file.read_text()
    assert file.stat().st_mode & 0o077 == 0
    file.unlink()


def run(stdout: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line as a process that writes its answer there."""
    command = [sys.executable, "-m", "admin", *arguments]
    return subprocess.run(  # noqa: S603 - fixed argv
        command, cwd=ROOT, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False
    )


def test_a_full_disk_is_reported() -> None:
    with pathlib.Path("/dev/full").open("w") as full:
        done = run(full.fileno(), "--help")
    assert done.returncode == 2
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_who_has_read_enough_is_not_reported() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = run(writer, "--help")
    os.close(writer)
    assert done.stderr == ""


def test_ctrl_c_at_once() -> None:
    """While the command line is still being imported."""
    script = f"""
import builtins, runpy, sys
sys.argv = ["admin", "doctor"]
real = builtins.__import__
def stop(name, *rest, **named):
    if name == "typer":
        raise KeyboardInterrupt
    return real(name, *rest, **named)
builtins.__import__ = stop
sys.path.insert(0, {str(ROOT)!r})
runpy.run_module("admin.__main__", run_name="__main__")
"""
    done = subprocess.run(  # noqa: S603 - fixed argv
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (128 + signal.SIGINT, "")


def test_an_answer_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    full = mock.Mock(side_effect=OSError(28, "No space left on device"))
    with pytest.raises(CannotRun, match="What the command did is done; `audit list"):
        answer({}, full)


@pytest.mark.parametrize(
    ("changes", "works", "said"),
    [
        (False, False, "Stopped. Nothing was changed"),
        (False, True, "Stopped. Nothing was changed"),
        (True, False, "Stopped. `audit list --since 1h` shows whether the change was made"),
        (True, True, "Stopped after 2 of 5 (devices). What was done until then stays done"),
    ],
)
def test_after_ctrl_c_one_knows_how_to_go_on(
    *,
    changes: bool,
    works: bool,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def work(*_: object, **__: object) -> None:
        if changes:
            interrupted.will_change()
        for number in track(range(5), "Devices", 5) if works else ():
            if number == 2:
                raise KeyboardInterrupt
        raise KeyboardInterrupt

    monkeypatch.setattr(audit, "connected", work)
    assert main(["--local", "audit", "list"]) == 130
    assert capsys.readouterr().err.startswith(said)


@pytest.mark.parametrize("fault", ["import nowhere_to_be_found", "def (", "1 / 0"])
def test_a_fault_in_a_function_is_named_with_its_line(
    fault: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "main.py").write_text(f"# ours\n{fault}\n")
    monkeypatch.setattr(exports, "ROOT", tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "main", raising=False)
    with pytest.raises(CannotRun, match=r"^main.py, line 2: \w+Error: "):
        exports.functions()


def test_warnings_are_sentences(capsys: pytest.CaptureFixture[str]) -> None:
    with log.for_people():
        log.device_claimed("ada", "0" * 24, 1)
        log.release_to_be_continued("0" * 24, ValueError("HTTPConnectionPool"))
    assert capsys.readouterr() == (
        "",
        f"warning: claim at Particle is ended later (deviceId {'0' * 24})\n",
    )
    log.device_released("ada", "0" * 24)
    assert capsys.readouterr().out.startswith("{")
