"""No path is built from something that is not a single id."""

import inspect
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials

from shared.firestore import paths, raw
from shared.firestore.client import Client
from shared.firestore.ids import InvalidIdError, checked, is_id, is_uid

SINGLE = [
    "a",
    "AbC-_0",
    "jörg",
    "jo\u0308rg",
    "\U0001f468\u200d\U0001f469",
    "שלום",
    "a b",
    " a ",
    "a%2Fb",
    "%",
    "...",
    ".a",
    "__",
    "__a",
    "a__",
    "\u2044",  # a fraction slash, which separates nothing
    "a\\b",
    "x" * 1500,
]
NOT_SINGLE: list[Any] = [
    "",
    ".",
    "..",
    "/",
    "a/b",
    "/a",
    "a/",
    "victim/devices/e00fce68a47d20b8c91e53f2",
    "a\n/b",
    "____",
    "__x__",
    "__\n__",
    "\ud800",
    "x" * 1501,
    "é" * 751,
    None,
    7,
    b"a",
]


@pytest.fixture(autouse=True)
def _client(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One that never calls anybody."""
    client = Client("demo-particle", AnonymousCredentials(), client_options=ClientOptions())  # type: ignore[no-untyped-call]
    monkeypatch.setattr(paths, "client", lambda: client)
    raw._documents.cache_clear()
    yield
    raw._documents.cache_clear()


@pytest.mark.parametrize("text", SINGLE)
def test_single_ids(text: str) -> None:
    assert is_id(text)
    assert checked("users", text) == ("users", text)
    assert paths.user(text).id == text
    assert raw.name("users", text).endswith(f"/users/{text}")


@pytest.mark.parametrize("text", NOT_SINGLE)
def test_others(text: Any) -> None:
    assert not is_id(text)
    assert not is_uid(text)
    with pytest.raises(InvalidIdError):
        checked("users", text)


def test_uids_are_shorter() -> None:
    assert is_uid("é" * 128)
    assert not is_uid("x" * 129)


HASHED = {"shadow_customer", "mints", "invitation_mails", "alert_mails"}
CONDITIONS = {"tenures_of", "shares_of_device", "shares_of_owner", "schedule_runs_of"}


def builders() -> Iterator[tuple[str, Callable[[str], Any]]]:
    """Every function that builds a path, for each id that it takes, the other ones being good."""
    for name, function in vars(paths).items():
        if getattr(function, "__module__", "") != paths.__name__ or name in HASHED | CONDITIONS:
            continue
        kinds = inspect.get_annotations(function)
        kinds.pop("return", None)
        good = {argument: "x" if kind is str else 1 for argument, kind in kinds.items()}
        for argument, kind in kinds.items():
            if kind is str:
                yield f"{name}: {argument}", partial(_built, function, good, argument)


def _built(function: Callable[..., Any], good: dict[str, Any], argument: str, bad: str) -> None:
    function(**{**good, argument: bad})


BUILDERS: dict[str, Callable[[str], Any]] = {
    **dict(builders()),
    "a reference": lambda bad: paths.device("d").collection(paths.EVENTS).document(bad),
    "a job": lambda bad: paths.releases().document(bad),
    "a name": lambda bad: raw.name("users", "u", "devices", bad, "events", "e"),
}


@pytest.mark.parametrize("builder", BUILDERS)
@pytest.mark.parametrize("text", [bad for bad in NOT_SINGLE if isinstance(bad, str)])
def test_no_path_is_built_from_them(builder: str, text: str) -> None:
    with pytest.raises(InvalidIdError):
        BUILDERS[builder](text)


def test_the_functions_that_build_paths_are_found() -> None:
    assert {"user: uid", "user_device: device_id", "dead_letter: message_id"} < set(BUILDERS)
