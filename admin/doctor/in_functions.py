"""The links in Cloud Functions: what is deployed, and whether it is this checkout."""

import io
import os
import zipfile
from typing import Any
from urllib.parse import quote

import requests

from admin.cli.deployed import settings_of
from admin.cli.google import GoogleError
from admin.cli.target import FUNCTIONS_EMULATOR_HOST
from admin.doctor.deployment import Deployment
from admin.doctor.exports import functions
from admin.doctor.finding import Finding, Link, State, broken, ok, some, warning
from local.runs import ROOT
from shared.commands import offer
from shared.settings import SettingMissingError
from shared.telemetry import rules

_VIEWER = "Cloud Functions Viewer (roles/cloudfunctions.viewer)"
_STORAGE_VIEWER = "Storage Object Viewer (roles/storage.objectViewer)"
_REVIEWER = "Security Reviewer (roles/iam.securityReviewer)"
_STORAGE = "https://storage.googleapis.com/storage/v1"
_OF_THE_DEPLOYMENT = {"HOSTING_SITE", "PARTICLE_EVENTS", "SECRETS_LOCATION"}
"""Settings that no function reads, beside those that the web app is built with."""
_SOURCES = (
    "main.py",
    "requirements.txt",
    "offer.json",
    "telemetry.json",
    "functions/*.py",
    "shared/**/*.py",
)

_ANY = ("roles/owner", "roles/editor")
ROLES = {
    "roles/datastore.user": ("roles/datastore.owner", *_ANY),
    "roles/firebaseauth.admin": ("roles/firebase.admin", *_ANY),
}
"""The roles that the functions need at run time, each with wider roles that include it."""


def _product_files(deployment: Deployment) -> Finding:
    """Whether this checkout's are valid: a wrong one would stop what needs it."""
    for read in (offer.offer, rules.all_rules):
        try:
            read()
        except SettingMissingError as failure:
            then = "" if deployment.local else f", then {deployment.deploy('functions')}"
            return broken(str(failure), f"correct it{then}")
    there = [file.name for file in (offer.FILE, rules.FILE) if file.exists()]
    return ok(f"{' and '.join(there)} can be read" if there else "there are none")


def _functions(deployment: Deployment) -> Finding:
    if deployment.local:
        return _emulated(deployment)
    deployed = _deployed(deployment)
    deploy = deployment.deploy("functions")
    if missing := [name for name in functions() if name not in deployed]:
        return broken(f"not deployed: {', '.join(missing)}", deploy)
    ours = {name: deployed[name] for name in functions()}
    states = {name: one.get("state") for name, one in ours.items() if one.get("state") != "ACTIVE"}
    if states:
        messages = [m["message"] for name in states for m in ours[name].get("stateMessages", [])]
        found = ", ".join(f"{name} is {state}" for name, state in states.items())
        if set(states.values()) == {"DEPLOYING"}:
            return warning(found, "wait, then run this again")
        return broken(found + "".join(f": {text}" for text in messages[:1]), deploy)
    return ok(f"{len(ours)}, all active in {deployment.region}")


def _emulated(deployment: Deployment) -> Finding:
    url = f"http://{os.environ[FUNCTIONS_EMULATOR_HOST]}/backends"
    backends = deployment.google.get(url, "")["backends"]
    there = {trigger["name"] for backend in backends for trigger in backend["functionTriggers"]}
    if missing := [name for name in functions() if name not in there]:
        return broken(f"not loaded: {', '.join(missing)}", "restart the demo: make demo")
    return ok(f"{len(functions())}, all loaded")


def _version(deployment: Deployment) -> Finding:
    """By the archive from which each function was built, and the settings that it was given."""
    deployed = _deployed(deployment)
    ours = [deployed[name] for name in functions()]
    if different := sorted(set().union(*_differences(ours, deployment))):
        return warning(f"not this checkout: {some(different)}", deployment.deploy("functions"))
    configured = {
        name: value
        for name, value in settings_of(deployment.project).items()
        if name not in _OF_THE_DEPLOYMENT and not name.startswith("VITE_")
    }
    for one in ours:
        service = one["serviceConfig"]
        given = service.get("environmentVariables", {})
        # The API leaves out variables that are empty.
        changed = sorted(name for name, value in configured.items() if given.get(name, "") != value)
        if changed:
            return warning(
                f"deployed with other settings than those in .env and {deployment.settings_file}: "
                + ", ".join(changed),
                deployment.deploy("functions"),
            )
        threads = given.get("THREADS", "no")
        concurrency = int(service.get("maxInstanceRequestConcurrency", 1))
        if not threads.isdecimal() or int(threads) < concurrency:
            return warning(
                f"{_name(one)} has {threads} threads for {concurrency} requests at once",
                f"set THREADS={concurrency} in .env, then {deployment.deploy('functions')}",
            )
    return ok("this checkout and its settings; a thread for each request at once")


def _differences(functions: list[dict[str, Any]], deployment: Deployment) -> list[set[str]]:
    """For each archive, the files that differ from this checkout. Most functions share one."""
    archives: dict[str, str] = {}
    for one in functions:
        source = one["buildConfig"]["source"]["storageSource"]
        url = f"{_STORAGE}/b/{source['bucket']}/o/{quote(source['object'], safe='')}"
        archives[deployment.google.get(url, _STORAGE_VIEWER)["md5Hash"]] = url
    here = {
        path.relative_to(ROOT).as_posix() for pattern in _SOURCES for path in ROOT.glob(pattern)
    }
    found = []
    for url in archives.values():
        content = deployment.google.content(url, _STORAGE_VIEWER, alt="media")
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            # The Firebase CLI adds files whose names begin with a dot.
            there = {name for name in archive.namelist() if name[0] != "." and name[-1] != "/"}
            found.append((here - there) | {name for name in there if _differs(name, archive)})
    return found


def _differs(name: str, archive: zipfile.ZipFile) -> bool:
    path = ROOT / name
    return not path.is_file() or path.read_bytes() != archive.read(name)


def _deployed(deployment: Deployment) -> dict[str, dict[str, Any]]:
    parent = f"projects/{deployment.project}/locations/{deployment.region}"
    url = f"https://cloudfunctions.googleapis.com/v2/{parent}/functions"
    return {_name(one): one for one in deployment.google.items(url, "functions", _VIEWER)}


def _name(function: dict[str, Any]) -> str:
    return str(function["name"].rpartition("/")[2])


def _account(deployment: Deployment) -> Finding:
    """Whether the account of the functions has the roles that deploy.sh gives it."""
    accounts = {
        f"serviceAccount:{one['serviceConfig']['serviceAccountEmail']}"
        for name, one in _deployed(deployment).items()
        if name in functions()
    }
    url = f"https://cloudresourcemanager.googleapis.com/v3/projects/{deployment.project}"
    try:
        policy = deployment.google.ask(f"{url}:getIamPolicy", _REVIEWER)
    except GoogleError as failure:
        if failure.status != requests.codes.forbidden:
            raise
        # Also if this API is turned off: nothing else needs it.
        return Finding(State.UNCHECKED, failure.found, failure.fix)
    for account in sorted(accounts):
        granted = {
            binding["role"]
            for binding in policy.get("bindings", [])
            if account in binding.get("members", []) and "condition" not in binding
        }
        if missing := [role for role, wider in ROLES.items() if not granted & {role, *wider}]:
            return broken(
                f"{account.partition(':')[2]} lacks {' and '.join(missing)} in the project's "
                "policy",
                deployment.deploy("rights"),
            )
    return ok("may use Firestore and manage users")


PRODUCT_FILES = Link("product files", _product_files)
FUNCTIONS = Link("functions", _functions)
ACCOUNT = Link(
    "service account", _account, needs=("functions",), cloud_only="the emulators check no rights"
)
VERSION = Link(
    "version", _version, needs=("functions",), cloud_only="the emulator runs this checkout"
)
