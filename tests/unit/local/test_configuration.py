"""The env files and the Firebase configuration of one run."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.configuration import (
    firebase_configuration,
    read_settings,
    run_settings,
    write_settings,
)
from local.errors import StackError
from local.ports import HOST, Ports
from local.runs import ROOT

PORTS = Ports(
    auth=1,
    functions=2,
    firestore=3,
    pubsub=4,
    hosting=5,
    simulator=6,
    hub=7,
    eventarc=8,
    tasks=9,
    websocket=10,
    logging=11,
    smtp=12,
    mails=13,
    workers=range(14, 20),
)


ENV_LINES = {
    "PLAIN=1319": "1319",
    "SPACED = a value # why": "a value",
    "NO_SPACE=1#why": "1",
    'QUOTED="a # b"': "a # b",
    'QUOTED_AND="a # b" # why': "a # b",
    "NO_SPACE_AFTER='x'#why": "x",
    "SINGLE='it is \"x\"'": 'it is "x"',
    "export EXPORTED=1": "1",
    "export EXPORTED_TOO = 'x' # why": "x",
    "  INDENTED=1": "1",
    "EMPTY=": "",
    "NOTHING= # why": "",
    "EQUALS=a=1,b=2": "a=1,b=2",
    "INSIDE=it's": "it's",
    "AFTER='a' b": "'a' b",
    'OPEN="a # b': '"a',
    "WINDOWS=1\r": "1",
    "TWICE=1": "2",
    "TWICE=2": "2",
}
"""Lines of an env file, each with the value that it gives."""

NODE = """
const { parse } = require("./tools/node_modules/firebase-tools/lib/functions/env.js");
const text = require("fs").readFileSync(process.argv[1], "utf8");
console.log(JSON.stringify(parse(text).envs));
"""
SHELL = """
. ./deploy/settings.sh
cd "$1"; shift
environment=none
for name; do printf '%s\\n' "$(setting "$name")"; done
"""


def printed(*argv: str | Path) -> str:
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True).stdout  # noqa: S603


def test_an_env_file_means_the_same_to_the_firebase_cli_the_stack_and_deploy_sh(
    tmp_path: Path,
) -> None:
    file = tmp_path / ".env"
    text = "# a comment\n\n" + "".join(f"{line}\n" for line in ENV_LINES)
    file.write_text(text, encoding="utf-8", newline="")
    names = [line.replace("export ", "").partition("=")[0].strip() for line in ENV_LINES]
    expected = dict(zip(names, ENV_LINES.values(), strict=True))

    assert json.loads(printed("node", "-e", NODE, file)) == expected
    assert read_settings(file) == expected
    read = printed("bash", "-c", SHELL, "bash", tmp_path, *expected).splitlines()
    assert dict(zip(expected, read, strict=True)) == expected


def test_a_missing_env_file_has_no_settings(tmp_path: Path) -> None:
    assert read_settings(tmp_path / ".env.none") == {}


@pytest.mark.parametrize("line", ["no assignment", "9=x", "a b=c"])
def test_a_malformed_line_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / ".env.demo"
    file.write_text(f"A=1\n{line}\n", encoding="utf-8")

    with pytest.raises(StackError, match=r"\.env\.demo, line 2"):
        read_settings(file)


@given(value=st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=30))
def test_what_is_written_is_read_back_or_refused(
    tmp_path_factory: pytest.TempPathFactory, value: str
) -> None:
    file = tmp_path_factory.mktemp("settings") / ".env"
    if "\\" in value or ('"' in value and "'" in value):
        with pytest.raises(StackError, match="NAME"):
            write_settings(file, {"NAME": value})
    else:
        write_settings(file, {"NAME": value, "OTHER": "1"})
        assert read_settings(file) == {"NAME": value, "OTHER": "1"}


def test_a_setting_with_a_line_break_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="NAME"):
        write_settings(tmp_path / ".env", {"NAME": "a\nOTHER=b"})


def test_settings_come_in_order_and_the_simulator_from_the_run(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("THREADS=40\nA=every project\nB=every project\n", "utf-8")
    (tmp_path / ".env.demo-particle").write_text(
        "B=demo\nC=demo\nPARTICLE_API_URL=http://127.0.0.1:8010\n", "utf-8"
    )
    (tmp_path / ".env.local").write_text("C=developer\n", "utf-8")

    tests = run_settings(tmp_path, PORTS, {"D": "run"}, developer=False)
    assert tests == {
        "THREADS": "40",
        "A": "every project",
        "B": "demo",
        "C": "demo",
        "D": "run",
        "PARTICLE_API_URL": f"http://{HOST}:6",
        "SITE_URL": f"http://{HOST}:5",
    }
    demo = run_settings(tmp_path, PORTS, {}, developer=True)
    assert demo["C"] == "developer"
    assert run_settings(tmp_path, PORTS, {"B": "run"}, developer=True)["B"] == "run"


def test_the_configuration_of_a_run_differs_only_in_ports_settings_and_interpreter() -> None:
    original = json.loads((ROOT / "firebase.json").read_text(encoding="utf-8"))
    settings = ROOT / ".local" / "some-run" / "settings"

    run = json.loads(firebase_configuration(ROOT, PORTS, settings))

    assert run["emulators"].pop("firestore") == {"host": HOST, "port": 3, "websocketPort": 10}
    assert {
        name: value["port"]
        for name, value in run["emulators"].items()
        if isinstance(value, dict) and "port" in value
    } == {
        "auth": 1,
        "functions": 2,
        "pubsub": 4,
        "hosting": 5,
        "hub": 7,
        "eventarc": 8,
        "tasks": 9,
        "logging": 11,
    }
    assert original["hosting"].pop("target") == "web"
    (functions,) = run.pop("functions")
    assert functions.pop("configDir") == ".local/some-run/settings"
    assert functions.pop("runtime") == f"python{sys.version_info.major}{sys.version_info.minor}"
    (original_functions,) = original.pop("functions")
    del original_functions["runtime"]
    assert functions == original_functions
    del run["emulators"], original["emulators"]
    assert run == original
