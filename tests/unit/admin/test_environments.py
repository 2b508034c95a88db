"""Projects, their aliases and their files of settings."""

import json
from pathlib import Path

import pytest

from admin.cli import environments
from admin.cli.errors import CannotRun


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(environments, "ROOT", tmp_path)
    return tmp_path


@pytest.fixture
def aliases(checkout: Path) -> None:
    projects = {"staging": "acme-test", "default": "acme-test", "live": "acme-live"}
    (checkout / ".firebaserc").write_text(json.dumps({"projects": projects}))


@pytest.mark.usefixtures("checkout")
def test_without_aliases_a_name_is_an_id() -> None:
    assert environments.project_named("acme-test") == "acme-test"
    assert environments.settings_file("acme-test") == ".env.acme-test"


@pytest.mark.usefixtures("aliases")
def test_an_alias_stands_for_its_project() -> None:
    assert environments.project_named("live") == "acme-live"
    assert environments.project_named("acme-live") == "acme-live"


@pytest.mark.usefixtures("aliases")
def test_the_file_may_be_named_after_an_alias_of_its_own_project(checkout: Path) -> None:
    assert environments.settings_file("acme-test") == ".env.acme-test"
    (checkout / ".env.live").touch()
    (checkout / ".env.staging").touch()
    assert environments.settings_file("acme-test") == ".env.staging"
    (checkout / ".env.acme-test").touch()
    with pytest.raises(CannotRun, match=r"\.env\.acme-test, \.env\.staging: keep one"):
        environments.settings_file("acme-test")


@pytest.mark.parametrize("text", ["{", "[]"])
def test_a_file_of_aliases_that_is_none_is_told(checkout: Path, text: str) -> None:
    (checkout / ".firebaserc").write_text(text)
    with pytest.raises(CannotRun, match=r"\.firebaserc cannot be read"):
        environments.project_named("live")
