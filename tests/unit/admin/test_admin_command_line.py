"""What the operator's command line says when it cannot run, and what it says to be asked for."""

import json
import os
import pathlib
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from unittest import mock

import firebase_admin.credentials
import pytest

from admin.app import COMMANDS, main
from admin.cli.lazy import Command, Group, Table
from admin.cli.target import PEPPER, Target
from local import runs
from local.runs import ROOT

GOOD = "device_id,serial_number,setup_code\ne00fce680000000000000001,PT-1,K7QW92MX\n"

IMPORTED_LATE = (
    *("google.api_core", "google.auth", "google.cloud.firestore", "firebase_admin", "requests"),
    *("shared.", "local.", "admin.commands."),
)
"""What commands import, and a list of commands need not."""


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test in a folder of its own, with an environment that names no emulator."""
    monkeypatch.chdir(tmp_path)
    with mock.patch.dict(os.environ):
        for name in (*runs.ADDRESSES, PEPPER):
            os.environ.pop(name, None)
        yield


@pytest.fixture
def stock_file(tmp_path: pathlib.Path) -> str:
    """A good stock list."""
    path = tmp_path / "stock.csv"
    path.write_text(GOOD)
    return str(path)


@pytest.fixture
def gcloud(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """A gcloud command that a test writes; the only program on the path."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder / "gcloud"


def test_without_a_target_it_asks_for_one(
    stock_file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["devices", "import", stock_file]) == 2
    assert "--local" in (said := capsys.readouterr().err)
    assert "--project ID" in said


@pytest.mark.parametrize(
    "arguments",
    [
        ["--local", "devices", "import", "none.csv"],
        ["devices", "import", "none.csv", "--local"],
        ["devices", "--project=acme", "import", "none.csv"],
        ["devices", "import", "--project", "acme", "none.csv"],
    ],
)
def test_the_target_may_stand_anywhere(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert "none.csv cannot be read: No such file" in capsys.readouterr().err


def test_a_file_named_like_an_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["devices", "import", "--", "--local"]) == 2
    assert "--local cannot be read" in capsys.readouterr().err


def test_a_project_is_not_confused_with_an_emulator(
    stock_file: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:8080")
    assert main(["--project", "acme", "devices", "import", stock_file]) == 2
    assert "FIRESTORE_EMULATOR_HOST would send this to an emulator" in capsys.readouterr().err


@pytest.fixture
def demos(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int, int], str]:
    """Announces a running demo: `(first port of its block, Firestore's port)`; its name."""
    monkeypatch.setattr(runs, "FOLDER", tmp_path)
    for name in (*runs.ADDRESSES, runs.CHOSEN_DEMO):
        # Set before it is deleted, so that what a command sets ends with the test.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)

    def announce(block: int, firestore: int) -> str:
        run = runs.run_name("demo", block)
        runs.logs_folder(run).mkdir()
        runs.announce(run, dict.fromkeys(runs.ADDRESSES, f"127.0.0.1:{firestore}"))
        return run

    return announce


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening: nobody else gets it meanwhile
        yield taken.getsockname()[1]


def test_no_demo_is_running(
    stock_file: str, demos: Callable[[int, int], str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--local", "devices", "import", stock_file]) == 2
    assert "No demo of this checkout is running" in (said := capsys.readouterr().err)
    assert "make demo" in said


def test_the_running_demo_is_found_and_named(
    stock_file: str,
    demos: Callable[[int, int], str],
    silent_port: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = demos(20_000, silent_port)
    assert main(["--local", "devices", "import", stock_file]) == 2
    said = capsys.readouterr().err
    assert f"Using {run}, http://127.0.0.1:{silent_port}" in said
    assert f"No Firestore emulator answers at 127.0.0.1:{silent_port}" in said
    assert os.environ["PARTICLE_API_URL"] == f"127.0.0.1:{silent_port}"


def test_of_several_demos_one_has_to_be_named(
    stock_file: str,
    demos: Callable[[int, int], str],
    silent_port: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    first, second = demos(20_000, 1), demos(21_000, silent_port)
    assert main(["--local", "devices", "import", stock_file]) == 2
    said = capsys.readouterr().err
    assert f"PARTICLE_DEMO={first}, PARTICLE_DEMO={second}" in said
    monkeypatch.setenv("PARTICLE_DEMO", second)
    assert main(["--local", "devices", "import", stock_file]) == 2
    assert f"Using {second}" in capsys.readouterr().err


@pytest.mark.parametrize(
    "left_out", [runs.ADDRESSES[:1], ("PARTICLE_API_URL",), runs.ADDRESSES[1:]]
)
def test_addresses_of_two_demos_are_not_mixed(
    stock_file: str,
    demos: Callable[[int, int], str],
    left_out: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    demos(20_000, 1)
    for name in set(runs.ADDRESSES) - set(left_out):
        monkeypatch.setenv(name, "127.0.0.1:2")
    assert main(["--local", "devices", "import", stock_file]) == 2
    assert f"because {' and '.join(left_out)} are not there" in capsys.readouterr().err


def test_a_slip_in_the_name_of_the_refused_file_costs_nothing(
    stock_file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--local", "devices", "import", stock_file, "--refused", stock_file]) == 2
    assert "is not a file of refused rows" in capsys.readouterr().err
    assert pathlib.Path(stock_file).read_text() == GOOD


@pytest.mark.parametrize(
    "arguments", [[], ["--help"], ["devices"], ["devices", "import", "--help"]]
)
def test_help_needs_no_target(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    main(arguments)
    captured = capsys.readouterr()
    assert "Usage: python -m admin" in captured.out + captured.err


def groups(table: Table, *path: str) -> Iterator[list[str]]:
    yield list(path)
    for name, entry in table.items():
        if isinstance(entry, Group):
            yield from groups(entry.commands, *path, name)


def commands(table: Table, *path: str) -> Iterator[tuple[list[str], Command]]:
    for name, entry in table.items():
        if isinstance(entry, Group):
            yield from commands(entry.commands, *path, name)
        else:
            yield [*path, name], entry


@pytest.mark.parametrize(("path", "command"), list(commands(COMMANDS)), ids=str)
def test_a_list_of_commands_has_their_own_help(
    path: list[str],
    command: Command,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    loaded = command.load(path[-1])
    assert loaded.name == path[-1]
    assert loaded.help.splitlines()[0] == command.help
    monkeypatch.setenv("COLUMNS", "80")
    assert main([*path, "--help"]) == 0
    assert f"  {command.help}\n" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", list(groups(COMMANDS)), ids=str)
def test_a_list_of_commands_imports_none_of_them(arguments: list[str]) -> None:
    script = f"""
import sys
from admin.app import main
status = main({[*arguments, "--help"]})
print(*(name for name in sys.modules if name.startswith({IMPORTED_LATE})), file=sys.stderr)
sys.exit(status)
"""
    done = subprocess.run(  # noqa: S603 - fixed argv
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "\n")
    assert "Commands:" in done.stdout


def test_a_misspelt_command_is_guessed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["devices", "relase"]) == 2
    assert "Did you mean 'release'" in capsys.readouterr().err


@pytest.mark.parametrize("path", list(groups(COMMANDS)), ids=str)
def test_no_line_of_a_list_of_commands_is_cut(
    path: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main([*path, "--help"]) == 0
    shown = capsys.readouterr().out
    listed = shown.partition("Commands:\n")[2].splitlines()
    assert listed
    assert [line for line in listed if line.endswith("...")] == []
    assert ("A customer calls: devices show" in shown) == (not path)


@pytest.mark.parametrize(("own", "counted"), [(None, "acme"), ("another", "another")])
def test_requests_of_a_person_count_for_the_project(
    own: str | None, counted: str, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    """By the credentials of `gcloud auth application-default login`, which name no project."""
    log_in = {
        "type": "authorized_user",
        "client_id": "an-id",
        "client_secret": "a-secret",
        "refresh_token": "a-token",
    }
    (tmp_path / "log-in.json").write_text(json.dumps(log_in))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "log-in.json"))
    monkeypatch.delenv("GOOGLE_CLOUD_QUOTA_PROJECT", raising=False)
    if own:
        monkeypatch.setenv("GOOGLE_CLOUD_QUOTA_PROJECT", own)
    Target("acme", local=False).connect()
    credentials = firebase_admin.credentials.ApplicationDefault().get_credential()
    assert credentials.quota_project_id == counted


def test_the_demo_has_its_own_pepper(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PEPPER, "of the cloud")
    assert Target("demo-particle", local=True).pepper() == "demo-pepper-not-a-secret"


def test_the_pepper_of_a_project_is_read_from_secret_manager(gcloud: pathlib.Path) -> None:
    gcloud.write_text('#!/bin/sh\necho "$*" > argv\nprintf "hush\\n"\n')
    gcloud.chmod(0o755)
    assert Target("acme", local=False).pepper() == "hush"
    assert pathlib.Path("argv").read_text().split() == [
        *("secrets", "versions", "access", "latest"),
        *("--secret", PEPPER, "--project", "acme", "--quiet"),
    ]


def test_the_environment_spares_gcloud(
    gcloud: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not gcloud.exists()
    monkeypatch.setenv(PEPPER, " hush\n")
    assert Target("acme", local=False).pepper() == "hush"


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (None, "gcloud command is missing"),
        ("echo 'PERMISSION_DENIED: no' >&2; exit 1", r"cannot be read \(PERMISSION_DENIED: no\)"),
        ("exit 0", "is empty"),
    ],
)
def test_a_pepper_that_cannot_be_had(
    stock_file: str,
    gcloud: pathlib.Path,
    script: str | None,
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if script:
        gcloud.write_text(f"#!/bin/sh\n{script}\n")
        gcloud.chmod(0o755)
    assert main(["--project", "acme", "devices", "import", stock_file]) == 2
    said = capsys.readouterr().err
    assert said.startswith("Error: ")
    assert re.search(message, said)
    assert "environment" in said, "what to do instead"


@pytest.mark.parametrize(
    ("reason", "why"),
    [
        ("", "say why"),
        (" \t ", "say why"),
        ("...", "say why"),
        ("x" * 301, "it has 301 characters of at most 300"),
        ("a\x1b[2J", "cannot be shown"),
    ],
)
@pytest.mark.parametrize("command", ["block", "release"])
def test_a_reason_says_something(
    command: str, reason: str, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--local", "devices", command, "PT-1", "--reason", reason]) == 2
    assert why in " ".join(capsys.readouterr().err.split())
