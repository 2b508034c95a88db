"""What is loaded into the Firebase CLI, in a process of its own."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.runs import ROOT

WATCHER = """
const chokidar = require(process.argv[1]);
const watcher = chokidar.watch(process.argv[2], { persistent: true });
watcher.on("change", (file) => console.log(file));
watcher.on("ready", () => console.log("ready"));
"""
"""As the functions emulator watches the functions' folder."""


@pytest.fixture
def watcher(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """It prints each file for which the functions are loaded again."""
    (tmp_path / "before.py").touch()  # is no news
    node = shutil.which("node")
    assert node
    command = [node, "--require", str(ROOT / "local" / "firebase-preload.cjs"), "-e", WATCHER]
    chokidar = str(ROOT / "tools" / "node_modules" / "chokidar")
    with subprocess.Popen(  # noqa: S603 - fixed argv
        [*command, chokidar, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "LOCAL_STACK_WORKER_PORTS": "20000-20010"},
    ) as process:
        yield process
        process.kill()


def test_new_changed_and_deleted_files_are_picked_up(
    watcher: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    assert watcher.stdout
    assert watcher.stdout.readline() == "ready\n"
    file = tmp_path / "offer.json"
    (tmp_path / "elsewhere").write_text("{}")
    assert watcher.stdout.readline() == f"{tmp_path / 'elsewhere'}\n"
    (tmp_path / "elsewhere").rename(file)  # whole at once, as editors save
    seen = {watcher.stdout.readline(), watcher.stdout.readline()}
    assert seen == {f"{tmp_path / 'elsewhere'}\n", f"{file}\n"}
    file.write_text('{"functions": {}}')
    assert watcher.stdout.readline() == f"{file}\n"
    file.unlink()
    assert watcher.stdout.readline() == f"{file}\n"
