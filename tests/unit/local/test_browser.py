"""Finding a browser for the tests of the web app."""

from pathlib import Path

import pytest

from local import browser
from local.browser import find_browser, get_browser
from local.errors import StackError


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any browser, and without a way to install one."""
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(browser, "_DEBIAN", (tmp_path / "absent",))
    monkeypatch.setattr(browser, "_MAC", ())
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def executable(file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    file.chmod(0o755)
    return file


def test_the_environment_comes_first(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    executable(bare / "bin" / "chromium")
    mine = executable(bare / "mine")
    monkeypatch.setenv("CHROMIUM", str(mine))

    assert find_browser() == mine


def test_a_wrong_path_in_the_environment_is_named(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHROMIUM", str(bare / "nowhere"))

    with pytest.raises(StackError, match=r"CHROMIUM names .*nowhere"):
        find_browser()


def test_the_systems_comes_next(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on_path = executable(bare / "bin" / "google-chrome")
    assert find_browser() == on_path

    debians = executable(bare / "usr" / "bin" / "chromium")
    monkeypatch.setattr(browser, "_DEBIAN", (bare / "absent", debians))
    assert find_browser() == debians


def test_playwrights_comes_last(bare: Path) -> None:
    cache = bare / ".cache" / "ms-playwright"
    executable(cache / "chromium-1100" / "chrome-linux" / "chrome")
    newest = executable(cache / "chromium-1200" / "chrome-linux64" / "chrome")

    assert find_browser() == newest


def test_without_any_it_says_what_to_install(bare: Path) -> None:
    assert bare.exists()

    with pytest.raises(StackError, match="apt-get install chromium"):
        get_browser()
