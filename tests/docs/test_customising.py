"""The code that the page about customising asks readers to write works."""

import logging
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

import functions_framework
import msgspec
import pytest

from docs_tools.pages import DOCS, blocks
from local.client import Account
from local.runs import ROOT
from local.stack import Stack
from shared.commands.offer import Offer
from shared.firestore import paths
from tests.support import functions

DEVICE = "e00fce68a47d20b8c91e53f2"


def sample(name: str) -> str:
    (block,) = (b for b in blocks(DOCS / "customising.md") if (b.mark, b.note) == ("try", name))
    return block.text


def test_the_offer_is_one() -> None:
    offer = msgspec.json.decode(sample("offer"), type=Offer)
    offer.check_call("dim", "100")
    offer.check_read("hours")


def test_the_kind_fits_its_type(tmp_path: Path) -> None:
    web = ROOT / "web"
    (tmp_path / "node_modules").symlink_to(web / "node_modules")
    kind = tmp_path / "lamp.ts"
    kind.write_text(sample("kind").replace("'../types'", f"'{web / 'src' / 'product' / 'types'}'"))
    options = "--noEmit --strict --skipLibCheck --module esnext --moduleResolution bundler"
    # What the type needs of the app is written for Vite.
    options += " --types vite/client"
    done = subprocess.run(  # noqa: S603 - the page's own text
        [web / "node_modules/.bin/tsc", *options.split(), "--jsx", "react-jsx", kind],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.fixture
def latest_value(stack: Stack, tmp_path: Path) -> Callable[..., dict[str, object]]:
    """The page's own callable, called as the platform would."""
    source = tmp_path / "main.py"
    source.write_text(sample("callable"), encoding="utf-8")
    # It leaves the function's name in the environment, and takes over this process's logging.
    root = logging.getLogger()
    with mock.patch.dict("os.environ"), mock.patch.multiple(root, handlers=[], level=root.level):
        app = functions_framework.create_app(  # type: ignore[no-untyped-call]
            target="latest_value", source=str(source), signature_type="http"
        )

    def call(account: Account, **data: object) -> dict[str, object]:
        headers = {"Authorization": f"Bearer {account.id_token}"}
        answer = app.test_client().post("/", json={"data": data}, headers=headers)
        return dict(answer.get_json())

    return call


def test_the_callable_answers_its_owner_and_nobody_else(
    latest_value: Callable[..., dict[str, object]], sign_up: Callable[[], Account]
) -> None:
    owner, other = sign_up(), sign_up()
    published = datetime(2026, 5, 13, 10, 55, tzinfo=UTC)
    newest = {"temperature": {"value": 21.5, "publishedAt": published}}
    paths.user_device(owner.uid, DEVICE).set({"latest": newest})

    found = latest_value(owner, deviceId=DEVICE, event="temperature")
    assert found == {"result": {"value": 21.5, "publishedAt": "2026-05-13T10:55:00.000Z"}}
    none = latest_value(owner, deviceId=DEVICE, event="humidity")
    assert none == {"result": {"value": None, "publishedAt": None}}
    refused = latest_value(other, deviceId=DEVICE, event="temperature")
    assert "not-your-device" in str(refused["error"])
    wrong = latest_value(owner, deviceId=DEVICE)
    assert "bad-request" in str(wrong["error"])


def test_functions_is_what_the_page_calls_it() -> None:
    """The steps after the block name files that exist."""
    text = (DOCS / "customising.md").read_text(encoding="utf-8")
    for path in ("main.py", "tests/unit/test_manifest.py", "docs_tools/callables.py"):
        assert f"`{path}`" in text
        assert (ROOT / path).exists()
    assert "latest_value" not in functions.CALLABLES, "the page's example is not a function of ours"
