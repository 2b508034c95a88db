"""The links that customers use, examined without a log-in: callables and web app."""

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

from admin.cli.target import HOSTING_EMULATOR_HOST
from admin.doctor.deployment import Deployment
from admin.doctor.exports import callables
from admin.doctor.finding import Finding, Link, broken, ok

IN_DEMO = ("claim_device", "list_devices")
"""Examined in the demo: the emulators load all functions or none, and start a process for each."""

_VIEWER = "Firebase Hosting Viewer (roles/firebasehosting.viewer)"
_REFUSALS = {"sign-in-required", "app-check-required"}
"""The reasons with which our own code refuses a caller who is not signed in."""
_OURS = "refused"
_APP_CHECK_KEY = "VITE_APP_CHECK_KEY"
"""The setting with which the web app was built to use App Check."""
_SECONDS = 90.0
"""The first request waits until an instance has started."""
_THREADS = 4


def _callables(deployment: Deployment) -> Finding:
    """Whether each can be reached and starts: then it refuses a caller who is not signed in."""
    names = IN_DEMO if deployment.local else callables()
    with ThreadPoolExecutor(_THREADS) as pool:
        answers = list(pool.map(lambda name: _answered(name, deployment), names))
    wrong = {name: answer for name, answer in zip(names, answers, strict=True) if answer != _OURS}
    if closed := [name for name, answer in wrong.items() if answer == "403"]:
        return broken(
            f"not open to the public, so no app can call them: {', '.join(closed)}",
            deployment.deploy("public"),
        )
    if wrong:
        found = ", ".join(f"{name} ({answer})" for name, answer in wrong.items())
        return broken(f"not answering as they should: {found}", deployment.logs(next(iter(wrong))))
    return ok(f"{', '.join(names) if deployment.local else len(names)}: refused without a log-in")


def _answered(name: str, deployment: Deployment) -> str:
    """`_OURS` for our own refusal, which proves that the function was reached and runs."""
    url = deployment.callable_url(name)
    try:
        answer = deployment.public.post(url, json={"data": {}}, timeout=_SECONDS)
        reason = answer.json()["error"]["details"]["reason"]
    except requests.JSONDecodeError:
        return str(answer.status_code)
    except requests.RequestException:
        return "no answer"
    except (KeyError, TypeError):
        return str(answer.status_code)
    ours = answer.status_code == requests.codes.unauthorized and reason in _REFUSALS
    return _OURS if ours else str(answer.status_code)


def _web_app(deployment: Deployment) -> Finding:
    """By the configuration that Hosting serves, and by the first page."""
    url = site(deployment)
    if not url:
        return broken("there is no site in Hosting", deployment.deploy("web"))
    try:
        configuration = deployment.public.get(f"{url}/__/firebase/init.json", timeout=_SECONDS)
        page = deployment.public.get(url, timeout=_SECONDS)
    except requests.RequestException:
        return broken(f"{url} cannot be reached", deployment.deploy("web"))
    try:
        served = configuration.json()
        project = served["projectId"]
    except (requests.JSONDecodeError, KeyError, TypeError):
        project = None
    if not configuration.ok or project is None:
        return broken(f"there is none at {url}", deployment.deploy("web"))
    return _page(url, page, served, deployment)


def _page(
    url: str, page: requests.Response, served: dict[str, Any], deployment: Deployment
) -> Finding:
    """The site that answers, by its first page and by whom its configuration names."""
    project = served["projectId"]
    if not page.ok:
        return broken(f"{url} answers {page.status_code} instead of the app", _build(deployment))
    if project != deployment.project:
        return broken(f"{url} belongs to project {project}", deployment.deploy("web"))
    if os.environ.get(_APP_CHECK_KEY) and not served.get("appId"):
        return broken(
            f"{url} is not linked to the web app, so its configuration has no appId, without which "
            f"App Check ({_APP_CHECK_KEY}) cannot work",
            deployment.deploy("web"),
        )
    return ok(url)


def _build(deployment: Deployment) -> str:
    if deployment.local:
        return "npm --prefix web run build, then restart the demo: make demo"
    return deployment.deploy("web")


def site(deployment: Deployment) -> str | None:
    """The address of the site that deploy.sh deploys to; a project may have others."""
    if deployment.local:
        return f"http://{os.environ[HOSTING_EMULATOR_HOST]}"
    url = f"https://firebasehosting.googleapis.com/v1beta1/projects/{deployment.project}/sites"
    sites = deployment.google.items(url, "sites", _VIEWER)
    name = os.environ.get("HOSTING_SITE")
    ours = [site for site in sites if not name or site["name"].endswith(f"/{name}")]
    first = sorted(ours, key=lambda site: site.get("type") != "DEFAULT_SITE")[:1]
    return str(first[0]["defaultUrl"]) if first else None


CALLABLES = Link("callables", _callables, needs=("functions",))
WEB_APP = Link("web app", _web_app)
