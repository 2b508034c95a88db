"""The web app's site: which it is, its link to the app, and the address that is said."""

import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from deploy import link_site
from tests.unit.deploy.checkout import PROJECT, Checkout

APP = "1:4711:web:web"


def lines(checkout: Checkout) -> list[str]:
    return [call.line for call in checkout.calls]


def test_a_new_project_gets_a_site_that_is_linked_to_the_app(checkout: Checkout) -> None:
    done = checkout.deploy()
    assert done.returncode == 0, done.stderr
    assert checkout.held("sites") == [f"{PROJECT},DEFAULT_SITE,{APP}"]
    assert checkout.held("target") == [PROJECT]
    assert f"Deployed: https://{PROJECT}.web.app This remains" in done.stdout
    assert "App Check cannot work" not in done.stdout


def test_an_app_that_is_registered_is_linked_when_the_site_is_made(checkout: Checkout) -> None:
    checkout.holds("apps", "other", "web")
    assert checkout.deploy("--only", "web").returncode == 0
    assert f"firebase hosting:sites:create {PROJECT} --app {APP} --project" in " ".join(
        lines(checkout)
    )
    assert not [line for line in lines(checkout) if "link_site" in line]


@pytest.mark.parametrize(
    ("sites", "setting", "chosen"),
    [
        (["pumps-by-acme,USER_SITE,"], "", "pumps-by-acme"),
        (["one,USER_SITE,", f"acme-77,DEFAULT_SITE,{APP}"], "", "acme-77"),
        (["one,USER_SITE,", f"acme-77,DEFAULT_SITE,{APP}"], "one", "one"),
        ([f"acme-77,DEFAULT_SITE,{APP}"], "new-one", "new-one"),
    ],
)
def test_the_site_is_the_one_of_the_setting_or_the_default_one(
    checkout: Checkout, sites: list[str], setting: str, chosen: str
) -> None:
    """Its address is the one that Hosting names: the project's id may be another's site."""
    checkout.holds("sites", *sites)
    with (checkout.folder / f".env.{PROJECT}").open("a") as file:
        file.write(f"HOSTING_SITE={setting}\n")
    for _ in range(2):
        done = checkout.deploy()
        assert done.returncode == 0, done.stderr
        assert f"Deployed: https://{chosen}.web.app " in done.stdout
        assert f"{PROJECT}.web.app" not in done.stdout
        assert checkout.held("target") == [chosen], "the CLI refuses two"
        (site,) = (one for one in checkout.held("sites") if one.startswith(f"{chosen},"))
        assert site.endswith(f",{APP}")
    assert not [line for line in lines(checkout) if "link_site" in line], "it is linked already"


def test_a_link_that_is_refused_is_left_to_a_person(checkout: Checkout) -> None:
    checkout.holds("refused", "python deploy/link_site.py *")
    done = checkout.deploy("--only", "web")
    assert done.returncode == 0, done.stderr
    assert f"Link the site {PROJECT} to the web app {APP}" in done.stdout
    assert "ya29" not in done.stdout + "".join(lines(checkout))


Answer = tuple[int, Any]


@pytest.fixture
def hosting() -> Iterator[tuple[str, list[Any], list[Answer]]]:
    """Hosting's API: its address, what it was asked, and what it answers."""
    asked: list[Any] = []
    answers: list[Answer] = []

    class Api(http.server.BaseHTTPRequestHandler):
        def do_PATCH(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked.append((self.path, json.loads(body), dict(self.headers)))
            status, answer = answers.pop()
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.HTTPServer(("127.0.0.1", 0), Api)
    threading.Thread(target=server.serve_forever).start()
    yield f"http://127.0.0.1:{server.server_port}/v1beta1", asked, answers
    server.shutdown()
    server.server_close()


def test_the_link(hosting: tuple[str, list[Any], list[Answer]]) -> None:
    api, asked, answers = hosting
    answers.append((200, {"name": "projects/acme/sites/one", "appId": APP}))
    link_site.link("acme", "one", APP, "ya29.mine", api)
    ((path, body, headers),) = asked
    assert (path, body) == ("/v1beta1/projects/acme/sites/one?updateMask=appId", {"appId": APP})
    assert headers["Authorization"] == "Bearer ya29.mine"
    assert headers["X-Goog-User-Project"] == "acme"
    answers.append((403, {"error": {"code": 403, "message": "The caller lacks permission"}}))
    with pytest.raises(SystemExit, match="403: The caller lacks permission"):
        link_site.link("acme", "one", APP, "ya29.mine", api)
    with pytest.raises(SystemExit, match="cannot be reached"):
        link_site.link("acme", "one", APP, "ya29.mine", "http://127.0.0.1:9")
