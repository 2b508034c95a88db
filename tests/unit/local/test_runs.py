"""The files of runs: kept while they run, then for a while, then gone."""

import os
from pathlib import Path

import pytest

from local import runs

GONE = 2**22 + 1
"""No Linux or macOS process has an id above this."""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(runs, "ROOT", tmp_path)
    monkeypatch.setattr(runs, "FOLDER", tmp_path / ".local")
    (tmp_path / ".local").mkdir()
    return tmp_path


def test_the_configuration_of_a_run_goes_when_its_starter_has_gone(project: Path) -> None:
    mine = runs.configuration_file(runs.run_name("demo", 20_000))
    old = runs.configuration_file(f"demo-{GONE}-20000")
    developer = project / ".firebase.mine.json"
    for file in (mine, old, developer):
        file.touch()

    runs.forget_old_runs()

    assert mine.exists()
    assert developer.exists()
    assert not old.exists()


def test_the_logs_of_the_last_runs_are_kept(project: Path) -> None:
    folders = [project / ".local" / f"tests-{GONE}-{20_000 + number}" for number in range(9)]
    for age, folder in enumerate(folders):
        folder.mkdir()
        os.utime(folder, (1_000_000 - age, 1_000_000 - age))
    running = runs.logs_folder(runs.run_name("demo", 20_000))
    running.mkdir()
    os.utime(running, (1, 1))
    emulators = project / ".local" / "emulators"
    emulators.mkdir()

    runs.forget_old_runs()

    assert [folder.exists() for folder in folders] == [True] * 6 + [False] * 3
    assert running.exists()
    assert emulators.exists()


def test_only_demos_that_run_are_found(project: Path) -> None:
    running, starting = runs.run_name("demo", 20_000), runs.run_name("demo", 21_000)
    crashed, test = f"demo-{GONE}-20000", runs.run_name("tests", 22_000)
    for run in (running, starting, crashed, test):
        (project / ".local" / run).mkdir()
    for run in (running, crashed, test):
        runs.announce(run, {"PARTICLE_API_URL": run})

    assert runs.running_demos() == [runs.Demo(running, {"PARTICLE_API_URL": running})]
    runs.conceal(running)
    assert runs.running_demos() == []
