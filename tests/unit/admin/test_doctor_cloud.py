"""The doctor's links in the cloud, each against answers in the form that Google documents.

Sources: the REST references of Cloud Firestore (databases, indexes, fields), Firebase Rules, Cloud
Functions v2, Pub/Sub v1, Cloud Storage v1, Cloud Monitoring v3, Resource Manager v3, Identity
Platform v2 and Firebase Hosting v1beta1; errors are google.rpc.Status.
"""

import copy
import io
import json
import os
import re
import secrets
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import unquote, urlsplit

import firebase_admin
import google.auth
import pytest
import requests
from firebase_admin import credentials
from google.api_core import exceptions as api
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import DefaultCredentialsError, RefreshError

import main
from admin.app import main as run_command
from admin.cli import target
from admin.cli.deployed import SECRETS
from admin.cli.errors import CannotRun
from admin.cli.google import Google
from admin.cli.target import Target
from admin.doctor import (
    at_particle,
    chain,
    end_to_end,
    exports,
    in_auth,
    in_firestore,
    in_functions,
    in_monitoring,
    in_public,
    in_pubsub,
)
from admin.doctor.deployment import Deployment
from admin.doctor.finding import Finding, Link, State, examined
from local import runs
from local.configuration import read_settings
from local.runs import ROOT
from shared import connections, settings
from shared.firestore import paths
from shared.particle import Integration, transport
from shared.telemetry import canary
from tests.support.functions import CALLABLES

TOPIC = "projects/acme/topics/particle-events"
DATABASE = "projects/acme/databases/(default)"
SUBSCRIPTION = "projects/acme/subscriptions/eventarc-us-central1-ingest-123456-sub-789"
DEAD = "projects/acme/topics/particle-events-dead"
Answers = dict[str, Any]


class Recorded(requests.adapters.BaseAdapter):
    """Answers requests by host and path; a tuple is a status and a body, bytes are no JSON."""

    def __init__(self, answers: Answers) -> None:
        super().__init__()
        self.answers = answers
        self.asked: list[str] = []

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        parts = urlsplit(unquote(str(request.url)))
        place = f"{parts.netloc}{parts.path}"
        self.asked.append(place)
        found = self.answers.get(f"{place}?{parts.query}", self.answers.get(place, (404, {})))
        return response(request, found)

    def close(self) -> None:
        """Nothing is open."""


def response(request: requests.PreparedRequest, answer: Any) -> requests.Response:
    """As requests makes it of what comes over the network."""
    status, body = answer if isinstance(answer, tuple) else (200, answer)
    made = requests.Response()
    made.status_code = status
    made.request = request
    made.url = str(request.url)
    made.raw = io.BytesIO(body if isinstance(body, bytes) else json.dumps(body).encode())
    return made


@pytest.fixture(autouse=True)
def _environment() -> Iterator[None]:
    with mock.patch.dict(os.environ):
        for name in (*runs.ADDRESSES, *SECRETS, target.PEPPER):
            os.environ.pop(name, None)
        forget_settings()
        yield
    forget_settings()


def forget_settings() -> None:
    settings.particle.cache_clear()
    settings.access_mode.cache_clear()


Examine = Callable[[Link, Answers], Finding]


@pytest.fixture
def examine() -> Examine:
    """Examines one link of project `acme` where Google answers so."""

    def run(link: Link, answers: Answers) -> Finding:
        session = requests.Session()
        session.mount("https://", Recorded(answers))
        deployment = Deployment(Target("acme", local=False))
        vars(deployment).update(google=Google("acme", session), public=session)
        ((_, finding),) = examined([link], deployment)
        return finding

    return run


def refusal(status: int, name: str, reason: str | None = None) -> tuple[int, Any]:
    error: dict[str, Any] = {"code": status, "message": f"It is\n{name}.", "status": name}
    if reason:
        info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}
        error["details"] = [{**info, "domain": "googleapis.com", "metadata": {}}]
    return status, {"error": error}


# Firestore

DATABASE_ANSWER = {
    "name": DATABASE,
    "uid": "6c1cb6a2-1d0b-4a77-9d51-1f2f0a8f9b3e",
    "createTime": "2026-01-02T03:04:05.678901Z",
    "locationId": "nam5",
    "type": "FIRESTORE_NATIVE",
    "concurrencyMode": "PESSIMISTIC",
    "deleteProtectionState": "DELETE_PROTECTION_ENABLED",
    "etag": "IPju0oqp/ooDMLPmgeao/ooD",
}
AT_FIRESTORE = "firestore.googleapis.com/v1/" + DATABASE


@pytest.fixture
def readable(mocker: Any) -> Any:
    """Firestore's own client, which reads by gRPC."""
    return mocker.patch.object(paths, "health")


def test_the_database_and_where_it_lies(examine: Examine, readable: Any) -> None:
    found = examine(in_firestore.DATABASE, {AT_FIRESTORE: DATABASE_ANSWER})
    assert found == Finding(State.OK, "in nam5, and can be read")
    readable.assert_called_once()


@pytest.mark.parametrize(("edition", "good"), [("STANDARD", True), ("ENTERPRISE", False)])
def test_an_edition_without_automatic_indexes_will_not_do(
    examine: Examine, readable: Any, edition: str, *, good: bool
) -> None:
    answer = DATABASE_ANSWER | {"databaseEdition": edition}
    found = examine(in_firestore.DATABASE, {AT_FIRESTORE: answer})
    assert (found.state is State.OK) == good
    assert good or edition in found.found


RECOVERY = {"pointInTimeRecoveryEnablement": "POINT_IN_TIME_RECOVERY_ENABLED"}
AT_BACKUPS = "firestore.googleapis.com/v1/projects/acme/locations/nam5/backups"


def days_ago(days: float) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).isoformat().replace("+00:00", "Z")


def schedule(days: float) -> dict[str, Any]:
    return {
        "name": f"{DATABASE}/backupSchedules/0f1e2d3c",
        "createTime": days_ago(days),
        "updateTime": days_ago(days),
        "retention": "604800s",
        "dailyRecurrence": {},
    }


def backup(days: float, state: str = "READY", database: str = DATABASE) -> dict[str, Any]:
    return {
        "name": "projects/acme/locations/nam5/backups/1a2b",
        "database": database,
        "snapshotTime": days_ago(days),
        "expireTime": days_ago(days - 7),
        "state": state,
    }


@pytest.mark.parametrize(
    ("recovery", "schedules", "backups", "state", "said"),
    [
        (RECOVERY, [schedule(30)], [backup(2), backup(1)], State.OK, "newest backup of"),
        (RECOVERY, [schedule(1)], [], State.OK, "still to come"),
        ({}, [schedule(30)], [backup(1)], State.WARNING, "no point-in-time recovery:"),
        (RECOVERY, [], [backup(1)], State.WARNING, "no scheduled backup:"),
        ({}, [], [], State.WARNING, "no point-in-time recovery and no scheduled backup"),
        (RECOVERY, [schedule(30)], [], State.WARNING, "none was made"),
        (RECOVERY, [schedule(30)], [backup(20)], State.WARNING, "the newest one is of"),
        (RECOVERY, [schedule(30)], [backup(1, "CREATING")], State.WARNING, "none was made"),
        (
            RECOVERY,
            [schedule(30)],
            [backup(1, database="projects/acme/databases/another")],
            State.WARNING,
            "none was made",
        ),
    ],
)
def test_backups(
    recovery: Answers,
    schedules: list[Any],
    backups: list[Any],
    state: State,
    said: str,
    examine: Examine,
) -> None:
    answers: Answers = {
        AT_FIRESTORE: DATABASE_ANSWER | recovery,
        f"{AT_FIRESTORE}/backupSchedules": {"backupSchedules": schedules} if schedules else {},
        AT_BACKUPS: {"backups": backups} if backups else {},
    }
    found = examine(in_firestore.BACKUPS, answers)
    assert (found.state, said in found.found) == (state, True), found


def test_datastore_mode_will_not_do(examine: Examine) -> None:
    other = DATABASE_ANSWER | {"type": "DATASTORE_MODE"}
    found = examine(in_firestore.DATABASE, {AT_FIRESTORE: other})
    assert (found.state, "firestore-native" in found.fix) == (State.BROKEN, True)


@pytest.mark.parametrize(
    ("answer", "fix"),
    [
        (refusal(404, "NOT_FOUND"), "./deploy.sh --project acme"),
        (
            refusal(403, "PERMISSION_DENIED", "BILLING_DISABLED"),
            "console.firebase.google.com/project/acme/usage",
        ),
        (refusal(401, "UNAUTHENTICATED"), "gcloud auth application-default login"),
        (
            refusal(403, "PERMISSION_DENIED", "SERVICE_DISABLED"),
            "gcloud services enable firestore.googleapis.com --project acme",
        ),
        (refusal(503, "UNAVAILABLE"), "status.cloud.google.com"),
        ((502, b"<html>"), "status.cloud.google.com"),
    ],
)
def test_each_refusal_says_how_to_fix_it(answer: Any, fix: str, examine: Examine) -> None:
    found = examine(in_firestore.DATABASE, {AT_FIRESTORE: answer})
    assert found.state is State.BROKEN
    assert str(answer[0]) in found.found
    assert "\n" not in found.found
    assert fix in found.fix


@pytest.mark.parametrize(
    ("reason", "role"),
    [
        (None, "roles/datastore.viewer"),
        ("IAM_PERMISSION_DENIED", "roles/datastore.viewer"),
        ("USER_PROJECT_DENIED", "roles/serviceusage.serviceUsageConsumer"),
    ],
)
def test_who_may_not_look_finds_nothing_broken(
    reason: str | None, role: str, examine: Examine
) -> None:
    refused = refusal(403, "PERMISSION_DENIED", reason)
    found = examine(in_firestore.DATABASE, {AT_FIRESTORE: refused})
    assert (found.state, role in found.fix) == (State.UNCHECKED, True), found


def test_no_network(mocker: Any) -> None:
    session = requests.Session()
    mocker.patch.object(session, "request", side_effect=requests.ConnectionError)
    deployment = Deployment(Target("acme", local=False))
    vars(deployment)["google"] = Google("acme", session)
    ((_, found),) = examined([in_firestore.DATABASE], deployment)
    assert (found.state, found.fix) == (State.BROKEN, "check the network")


RULES = "firebaserules.googleapis.com/v1/projects/acme"


def rules(content: str) -> Answers:
    return {
        f"{RULES}/releases/cloud.firestore": {
            "name": "projects/acme/releases/cloud.firestore",
            "rulesetName": "projects/acme/rulesets/5f0b1d9e",
            "createTime": "2026-01-02T03:04:05.678901Z",
            "updateTime": "2026-05-06T07:08:09.101112Z",
        },
        f"{RULES}/rulesets/5f0b1d9e": {
            "name": "projects/acme/rulesets/5f0b1d9e",
            "source": {
                "files": [{"name": "firestore.rules", "content": content, "fingerprint": "6x="}]
            },
            "createTime": "2026-05-06T07:08:09.101112Z",
        },
    }


def test_rules(examine: Examine) -> None:
    ours = (ROOT / "firestore.rules").read_text()
    found = examine(in_firestore.RULES, rules(ours))
    assert (found.state, "2026-05-06" in found.found) == (State.OK, True)
    found = examine(in_firestore.RULES, rules(ours + "\n"))
    assert found.state is State.BROKEN
    assert found.fix == "./deploy.sh --project acme --only rules"
    assert examine(in_firestore.RULES, {}).fix == "./deploy.sh --project acme"


def index_answers() -> tuple[list[Any], list[Any]]:
    """What Firestore lists when firestore.indexes.json is deployed and ready."""
    file = json.loads((ROOT / "firestore.indexes.json").read_text())
    groups = f"{DATABASE}/collectionGroups"
    indexes = [
        {
            "name": f"{groups}/{index['collectionGroup']}/indexes/CICAgJ{number}",
            "queryScope": index["queryScope"],
            "fields": [*index["fields"], {"fieldPath": "__name__", "order": "DESCENDING"}],
            "state": "READY",
            "density": "SPARSE_ALL",
        }
        for number, index in enumerate(file["indexes"])
    ]
    fields = [
        {
            "name": f"{groups}/{field['collectionGroup']}/fields/{field['fieldPath']}",
            "indexConfig": {
                "ancestorField": f"{groups}/__default__/fields/*",
                "indexes": [
                    {
                        "queryScope": index["queryScope"],
                        "fields": [{"fieldPath": field["fieldPath"], "order": index["order"]}],
                        "state": "READY",
                    }
                    for index in field["indexes"]
                ],
            },
            **({"ttlConfig": {"state": "ACTIVE"}} if field.get("ttl") else {}),
        }
        for field in file["fieldOverrides"]
    ]
    return indexes, fields


def events_expire_at(fields: list[Any]) -> Any:
    return next(field for field in fields if field["name"].endswith("/events/fields/expireAt"))


def listed(indexes: list[Any], fields: list[Any]) -> Answers:
    groups = f"{AT_FIRESTORE}/collectionGroups/-"
    overridden = "filter=indexConfig.usesAncestorConfig=false+OR+ttlConfig:*"
    return {
        f"{groups}/indexes": {"indexes": indexes},
        f"{groups}/fields?{overridden}": {"fields": fields[:3], "nextPageToken": "more"},
        f"{groups}/fields?{overridden}&pageToken=more": {"fields": fields[3:]},
    }


def test_indexes_are_ready(examine: Examine) -> None:
    found = examine(in_firestore.INDEXES, listed(*index_answers()))
    assert found.state is State.OK, found
    file = json.loads((ROOT / "firestore.indexes.json").read_text())
    ttls = sum("ttl" in field for field in file["fieldOverrides"])
    assert found.found.startswith(f"{len(file['indexes']) + len(file['fieldOverrides']) + ttls} ")


@pytest.mark.parametrize(
    ("spoil", "state", "said"),
    [
        (lambda i, _: i.pop(0), State.BROKEN, "missing: commands (deviceid ascending, createdat"),
        (lambda i, _: i[0].update(state="NEEDS_REPAIR"), State.BROKEN, "failed: commands"),
        (lambda i, _: i[0].update(state="CREATING"), State.WARNING, "being built: commands"),
        (lambda i, _: i[0].update(queryScope="COLLECTION_GROUP"), State.BROKEN, "missing"),
        (
            lambda _, f: events_expire_at(f).pop("ttlConfig"),
            State.BROKEN,
            "missing: TTL of events.expireAt",
        ),
        (
            lambda _, f: events_expire_at(f).update(ttlConfig={"state": "CREATING"}),
            State.WARNING,
            "TTL of events",
        ),
        (lambda _, f: f.pop(0), State.BROKEN, "missing: exemption of events.data"),
        (
            lambda _, f: [field["indexConfig"].pop("indexes") for field in f],
            State.BROKEN,
            "(deviceid ascending) in collection_group",
        ),
        (lambda i, f: (i.clear(), f.clear()), State.BROKEN, " more"),
    ],
)
def test_an_index_that_is_not(
    spoil: Callable[[list[Any], list[Any]], Any], state: State, said: str, examine: Examine
) -> None:
    indexes, fields = copy.deepcopy(index_answers())
    spoil(indexes, fields)
    found = examine(in_firestore.INDEXES, listed(indexes, fields))
    assert (found.state, said in found.found) == (state, True), found
    assert found.fix


# Functions

BUCKET = "gcf-v2-sources-123456789012-us-central1"
FUNCTIONS = "cloudfunctions.googleapis.com/v2/projects/acme/locations/us-central1/functions"


ACCOUNT = "123456789012-compute@developer.gserviceaccount.com"


def function(name: str) -> dict[str, Any]:
    environment = {
        "FIREBASE_CONFIG": "{}",
        "GCLOUD_PROJECT": "acme",
        **read_settings(ROOT / ".env"),
    }
    return {
        "name": f"projects/acme/locations/us-central1/functions/{name}",
        "buildConfig": {
            "build": "projects/123456789012/locations/us-central1/builds/5f0b1d9e",
            "runtime": "python311",
            "entryPoint": name,
            "source": {
                "storageSource": {"bucket": BUCKET, "object": f"{name}/function-source.zip"}
            },
        },
        "serviceConfig": {
            "service": f"projects/acme/locations/us-central1/services/{name}",
            "timeoutSeconds": 60,
            "environmentVariables": environment,
            "maxInstanceCount": 20,
            "availableMemory": "512Mi",
            "maxInstanceRequestConcurrency": settings.CONCURRENCY,
            "availableCpu": "1",
            "serviceAccountEmail": ACCOUNT,
        },
        "state": "ACTIVE",
        "updateTime": "2026-05-06T07:08:09.101112Z",
        "labels": {"deployment-tool": "cli-firebase", "firebase-functions-hash": "0a1b2c"},
        "environment": "GEN_2",
    }


def archive(**changed: str) -> bytes:
    """What the Firebase CLI uploads; paths with `__` for `/` may be changed or added."""
    changes = {name.replace("__", "/") + ".py": text for name, text in changed.items()}
    files = {
        path.relative_to(ROOT).as_posix(): path.read_text()
        for pattern in in_functions._SOURCES
        for path in ROOT.glob(pattern)
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as made:
        for name, text in {**files, "LICENSE": (ROOT / "LICENSE").read_text(), **changes}.items():
            if text:
                made.writestr(name, text)
        made.writestr(".runtimeconfig.json", "{}")
    return content.getvalue()


def deployed(
    functions: list[dict[str, Any]] | None = None, archives: dict[str, bytes] | None = None
) -> Answers:
    """Functions, and the archives of those that were not built from this checkout."""
    functions = [function(name) for name in main.FUNCTIONS] if functions is None else functions
    answers: Answers = {FUNCTIONS: {"functions": functions}}
    ours = archive()
    for name in main.FUNCTIONS:
        content = (archives or {}).get(name, ours)
        place = f"storage.googleapis.com/storage/v1/b/{BUCKET}/o/{name}/function-source.zip"
        answers[place] = {"kind": "storage#object", "md5Hash": str(hash(content)), "size": "1"}
        answers[f"{place}?alt=media"] = content
    return answers


def test_functions_are_deployed(examine: Examine) -> None:
    found = examine(in_functions.FUNCTIONS, deployed())
    assert found == Finding(State.OK, f"{len(main.FUNCTIONS)}, all active in us-central1")


def test_functions_that_are_not(examine: Examine) -> None:
    some = [function(name) for name in main.FUNCTIONS if name not in {"ingest", "mint_token"}]
    found = examine(in_functions.FUNCTIONS, deployed(some))
    assert found.found == "not deployed: ingest, mint_token"
    assert found.fix == "./deploy.sh --project acme --only functions"
    assert examine(in_functions.FUNCTIONS, {FUNCTIONS: {}}).state is State.BROKEN
    refused = {FUNCTIONS: refusal(403, "PERMISSION_DENIED", "SERVICE_DISABLED")}
    found = examine(in_functions.FUNCTIONS, refused)
    assert found.fix == "gcloud services enable cloudfunctions.googleapis.com --project acme"


def test_functions_that_are_not_active(examine: Examine) -> None:
    functions = [function(name) for name in main.FUNCTIONS]
    functions[2]["state"] = "DEPLOYING"
    assert examine(in_functions.FUNCTIONS, deployed(functions)).state is State.WARNING
    functions[3] |= {
        "state": "FAILED",
        "stateMessages": [
            {"severity": "ERROR", "type": "CloudRunServiceNotFound", "message": "It is gone."}
        ],
    }
    found = examine(in_functions.FUNCTIONS, deployed(functions))
    assert found.state is State.BROKEN
    assert f"{main.FUNCTIONS[3]} is FAILED: It is gone." in found.found


def test_the_version_is_this_checkout(examine: Examine) -> None:
    assert examine(in_functions.VERSION, deployed()).state is State.OK


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (archive(shared__settings="other"), "shared/settings.py"),
        (archive(functions__ingest=""), "functions/ingest.py"),
        (archive(functions__gone="print()"), "functions/gone.py"),
        (archive(a="1", b="1", c="1", d="1"), "a.py, b.py, c.py and 1 more"),
    ],
)
def test_another_version(content: bytes, said: str, examine: Examine) -> None:
    found = examine(in_functions.VERSION, deployed(archives={"ingest": content}))
    assert (found.state, found.found) == (State.WARNING, f"not this checkout: {said}")
    assert found.fix == "./deploy.sh --project acme --only functions"


def test_an_offer_that_was_never_deployed(
    examine: Examine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until it is, customers may call everything."""
    with zipfile.ZipFile(io.BytesIO(archive())) as made:
        made.extractall(tmp_path)
    monkeypatch.setattr(in_functions, "ROOT", tmp_path)
    assert examine(in_functions.VERSION, deployed()).state is State.OK
    (tmp_path / "offer.json").write_text("{}")
    found = examine(in_functions.VERSION, deployed())
    assert (found.state, found.found) == (State.WARNING, "not this checkout: offer.json")


def test_other_settings(examine: Examine) -> None:
    functions = [function(name) for name in main.FUNCTIONS]
    functions[0]["serviceConfig"]["environmentVariables"]["CALLS_PER_MINUTE"] = "7"
    found = examine(in_functions.VERSION, deployed(functions))
    assert (found.state, "CALLS_PER_MINUTE" in found.found) == (State.WARNING, True)


def test_an_empty_setting_that_google_leaves_out(examine: Examine) -> None:
    functions = [function(name) for name in main.FUNCTIONS]
    for one in functions:
        given = one["serviceConfig"]["environmentVariables"]
        assert given.pop("VPC_CONNECTOR") == ""
    assert examine(in_functions.VERSION, deployed(functions)).state == State.OK
    functions[0]["serviceConfig"]["environmentVariables"].pop("CALLS_PER_MINUTE")
    found = examine(in_functions.VERSION, deployed(functions))
    assert (found.state, "CALLS_PER_MINUTE" in found.found) == (State.WARNING, True)


def test_threads_that_are_more_than_requests(examine: Examine) -> None:
    """As in the functions with half a CPU, which serve one request at a time."""
    functions = [function(name) for name in main.FUNCTIONS]
    functions[1]["serviceConfig"]["maxInstanceRequestConcurrency"] = 1
    functions[2]["serviceConfig"].pop("maxInstanceRequestConcurrency")
    assert examine(in_functions.VERSION, deployed(functions)).state == State.OK


def test_threads_that_are_fewer_than_requests(examine: Examine) -> None:
    functions = [function(name) for name in main.FUNCTIONS]
    functions[1]["serviceConfig"]["maxInstanceRequestConcurrency"] = 80
    found = examine(in_functions.VERSION, deployed(functions))
    assert (found.state, "40 threads for 80 requests" in found.found) == (State.WARNING, True)


def policy(*bindings: dict[str, Any]) -> Answers:
    place = "cloudresourcemanager.googleapis.com/v3/projects/acme:getIamPolicy"
    return deployed() | {place: {"version": 1, "etag": "BwX9", "bindings": list(bindings)}}


def granted(role: str, member: str = f"serviceAccount:{ACCOUNT}", **more: Any) -> dict[str, Any]:
    return {"role": f"roles/{role}", "members": ["user:jo@example.com", member], **more}


FIRESTORE, AUTH = granted("datastore.user"), granted("firebaseauth.admin")


@pytest.mark.parametrize(
    ("bindings", "missing"),
    [
        ([FIRESTORE, AUTH], ""),
        ([granted("editor")], ""),
        ([FIRESTORE], "firebaseauth.admin"),
        ([FIRESTORE, granted("firebaseauth.viewer")], "firebaseauth.admin"),
        ([AUTH, granted("datastore.user", "serviceAccount:other@acme")], "datastore.user"),
        ([AUTH, granted("datastore.user", condition={"expression": "x"})], "datastore.user"),
        ([], "roles/datastore.user and roles/firebaseauth.admin"),
    ],
)
def test_the_functions_account(
    bindings: list[dict[str, Any]], missing: str, examine: Examine
) -> None:
    found = examine(in_functions.ACCOUNT, policy(*bindings))
    state = State.BROKEN if missing else State.OK
    assert (found.state, missing in found.found) == (state, True), found
    assert ("--only rights" in found.fix) == bool(missing)


def test_the_functions_account_where_nobody_may_see_it(examine: Examine) -> None:
    place = next(iter(policy().keys() - deployed().keys()))
    refused = refusal(403, "PERMISSION_DENIED", "SERVICE_DISABLED")
    found = examine(in_functions.ACCOUNT, deployed() | {place: refused})
    assert (found.state, "services enable" in found.fix) == (State.UNCHECKED, True)


def test_the_doctor_asks_for_the_roles_that_the_deployment_gives() -> None:
    script = (ROOT / "deploy" / "project.sh").read_text(encoding="utf-8")
    given = re.search(r"^roles=\((.+)\)$", script, re.MULTILINE)
    assert given
    assert set(in_functions.ROLES) <= set(given[1].split())


# What customers touch

OURS = (401, {"error": {"status": "UNAUTHENTICATED", "details": {"reason": "sign-in-required"}}})


def called(**others: Any) -> Answers:
    host = "us-central1-acme.cloudfunctions.net"
    return {f"{host}/{name}": others.get(name, OURS) for name in exports.callables()}


def test_callables_refuse_who_is_not_signed_in(examine: Examine) -> None:
    assert examine(in_public.CALLABLES, called()).state is State.OK
    assert set(exports.callables()) == set(CALLABLES)
    guarded = (401, {"error": {"details": {"reason": "app-check-required"}}})
    assert examine(in_public.CALLABLES, called(mint_token=guarded)).state is State.OK


@pytest.mark.parametrize(
    ("answer", "said", "fix"),
    [
        ((403, b"<html>Your client does not have permission"), "public", "--only public"),
        ((401, b"<html>"), "mint_token (401)", "logs read mint_token"),
        ((200, {"result": {}}), "mint_token (200)", "logs read mint_token"),
        ((503, b"Service Unavailable"), "mint_token (503)", "logs read mint_token"),
        ((500, {"error": {"details": {"reason": "internal"}}}), "(500)", "logs read mint_token"),
    ],
)
def test_callables_that_customers_cannot_call(
    answer: Any, said: str, fix: str, examine: Examine
) -> None:
    found = examine(in_public.CALLABLES, called(mint_token=answer))
    assert (found.state, said in found.found) == (State.BROKEN, True), found
    assert fix in found.fix


HOSTING = "firebasehosting.googleapis.com/v1beta1/projects/acme/sites"
SITES = {
    "sites": [
        {"name": "projects/acme/sites/o", "defaultUrl": "https://o.web.app", "type": "USER_SITE"},
        {
            "name": "projects/acme/sites/acme-1",
            "defaultUrl": "https://acme-1.web.app",
            "type": "DEFAULT_SITE",
        },
    ]
}
INIT = "acme-1.web.app/__/firebase/init.json"
SERVED: Answers = {HOSTING: SITES, "acme-1.web.app/": b"<html>", INIT: {"projectId": "acme"}}


def test_the_site_that_the_setting_names(examine: Examine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOSTING_SITE", "o")
    theirs = {"o.web.app/": b"<html>", "o.web.app/__/firebase/init.json": {"projectId": "acme"}}
    assert examine(in_public.WEB_APP, SERVED | theirs) == Finding(State.OK, "https://o.web.app")
    monkeypatch.setenv("HOSTING_SITE", "acme")
    assert examine(in_public.WEB_APP, SERVED).found == "there is no site in Hosting"


def test_app_check_needs_a_site_that_is_linked_to_the_app(
    examine: Examine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VITE_APP_CHECK_KEY", "6Lc")
    found = examine(in_public.WEB_APP, SERVED)
    assert (found.state, "not linked" in found.found) == (State.BROKEN, True)
    assert found.fix.endswith("--only web")
    linked = {INIT: {"projectId": "acme", "appId": "1:4711:web:a"}}
    assert examine(in_public.WEB_APP, SERVED | linked).state is State.OK


@pytest.mark.parametrize(
    ("changes", "state", "said"),
    [
        ({}, State.OK, "https://acme-1.web.app"),
        ({HOSTING: {}}, State.BROKEN, "no site"),
        ({HOSTING: refusal(403, "PERMISSION_DENIED")}, State.UNCHECKED, "403"),
        ({"acme-1.web.app/": (404, b"<html>")}, State.BROKEN, "answers 404 instead of the app"),
        ({INIT: (404, b"<html>")}, State.BROKEN, "there is none at"),
        ({INIT: b"<html>"}, State.BROKEN, "there is none at"),
        ({INIT: {"projectId": "acme-old"}}, State.BROKEN, "belongs to project acme-old"),
    ],
)
def test_the_web_app(changes: Answers, state: State, said: str, examine: Examine) -> None:
    found = examine(in_public.WEB_APP, SERVED | changes)
    assert (found.state, said in found.found) == (state, True), found


IDENTITY = "identitytoolkit.googleapis.com/admin/v2/projects/acme"


def provider(name: str, *, enabled: bool) -> dict[str, Any]:
    path = f"projects/123456789012/defaultSupportedIdpConfigs/{name}"
    return {"name": path, "clientId": "x", **({"enabled": True} if enabled else {})}


@pytest.mark.parametrize(
    ("email", "providers", "state", "said"),
    [
        ({"enabled": True, "passwordRequired": True}, [], State.OK, "with e-mail address"),
        ({"enabled": True}, [], State.BROKEN, "no customer can sign in"),
        ({}, [provider("google.com", enabled=False)], State.BROKEN, "no customer can sign in"),
        ({}, [provider("google.com", enabled=True)], State.OK, "with google.com; e-mail"),
    ],
)
def test_sign_in(
    email: dict[str, Any], providers: list[Any], state: State, said: str, examine: Examine
) -> None:
    answers = {
        f"{IDENTITY}/config": {
            "name": "projects/123456789012/config",
            "signIn": {"email": email, "hashConfig": {"algorithm": "SCRYPT"}},
        },
        f"{IDENTITY}/defaultSupportedIdpConfigs": {"defaultSupportedIdpConfigs": providers},
    }
    found = examine(in_auth.SIGN_IN, answers)
    assert (found.state, said in found.found) == (state, True), found
    assert ("authentication/providers" in found.fix) == (state is State.BROKEN)


POLICIES = "monitoring.googleapis.com/v3/projects/acme/alertPolicies"


def alarms() -> list[dict[str, Any]]:
    return [
        {
            "name": f"projects/acme/alertPolicies/{number}",
            "displayName": json.loads(file.read_text())["displayName"],
            "userLabels": {"product": "particle-backend", "particle_alert": file.stem},
            "enabled": True,
            "notificationChannels": ["projects/acme/notificationChannels/1"],
        }
        for number, file in enumerate(sorted((ROOT / "deploy/monitoring/alerts").glob("*")))
    ]


@pytest.mark.parametrize(
    ("spoil", "state", "fix"),
    [
        (lambda _: None, State.OK, ""),
        (lambda a: a.append({"name": "another's", "enabled": True}), State.OK, ""),
        (lambda a: a.clear(), State.WARNING, "--only alerts"),
        (lambda a: a[1].pop("userLabels"), State.WARNING, "--only alerts"),
        (lambda a: a[1].pop("enabled"), State.WARNING, "console.cloud.google.com"),
        (lambda a: a[1].pop("notificationChannels"), State.WARNING, "--alert-email"),
    ],
)
def test_alarms(
    spoil: Callable[[list[Any]], Any], state: State, fix: str, examine: Examine
) -> None:
    policies = alarms()
    spoil(policies)
    found = examine(in_monitoring.ALARMS, {POLICIES: {"alertPolicies": policies}})
    assert (found.state, fix in found.fix) == (state, True), found


# Pub/Sub

PUBSUB = "pubsub.googleapis.com/v1"
MONITORING = "monitoring.googleapis.com/v3/projects/acme/timeSeries"
ALL: Answers = {
    f"{PUBSUB}/{TOPIC}": {"name": TOPIC, "messageRetentionDuration": "604800s"},
    f"{PUBSUB}/{TOPIC}:getIamPolicy": {
        "version": 1,
        "etag": "BwX9",
        "bindings": [
            {"role": "roles/pubsub.viewer", "members": ["user:jo@example.com"]},
            {"role": "roles/pubsub.publisher", "members": [in_pubsub.PUBLISHER]},
        ],
    },
    f"{PUBSUB}/{TOPIC}/subscriptions": {
        "subscriptions": [SUBSCRIPTION, "projects/acme/subscriptions/particle-events-bigquery"]
    },
    f"{PUBSUB}/{SUBSCRIPTION}": {
        "name": SUBSCRIPTION,
        "topic": TOPIC,
        "pushConfig": {"pushEndpoint": "https://ingest-abc-uc.a.run.app?__GCP_CloudEventsMode="},
        "ackDeadlineSeconds": 600,
        "messageRetentionDuration": "604800s",
        "deadLetterPolicy": {"deadLetterTopic": DEAD, "maxDeliveryAttempts": 100},
        "retryPolicy": {"minimumBackoff": "10s", "maximumBackoff": "600s"},
        "state": "ACTIVE",
    },
    f"{PUBSUB}/projects/acme/subscriptions/particle-events-bigquery": {"topic": TOPIC},
    f"{PUBSUB}/{DEAD}/subscriptions": {
        "subscriptions": ["projects/acme/subscriptions/particle-events-dead"]
    },
    MONITORING: {},
}


def series(value: int) -> Answers:
    point = {
        "interval": {"startTime": "2026-05-06T07:08:00Z", "endTime": "2026-05-06T07:08:00Z"},
        "value": {"int64Value": str(value)},
    }
    return {"timeSeries": [{"metricKind": "GAUGE", "valueType": "INT64", "points": [point]}]}


PUSHED = {"pushConfig": {"pushEndpoint": "https://ingest-abc-uc.a.run.app"}}
LINKS = [
    in_pubsub.TOPIC,
    in_pubsub.PUBLISHERS,
    in_pubsub.SUBSCRIPTION,
    in_pubsub.DEAD_LETTER_TOPIC,
]


@pytest.mark.parametrize("link", LINKS, ids=lambda link: link.name)
@pytest.mark.parametrize(
    "measured", [{}, series(0), series(30), refusal(403, "PERMISSION_DENIED", "SERVICE_DISABLED")]
)
def test_the_topic_and_all_about_it(measured: Any, link: Link, examine: Examine) -> None:
    state = examine(link, ALL | {MONITORING: measured}).state
    waits = link is in_pubsub.DEAD_LETTER_TOPIC and measured == series(30)
    assert state is (State.WARNING if waits else State.OK)


@pytest.mark.parametrize(
    ("link", "changes", "state", "fix"),
    [
        (in_pubsub.TOPIC, {f"{PUBSUB}/{TOPIC}": refusal(404, "NOT_FOUND")}, State.BROKEN, "topic"),
        (
            in_pubsub.TOPIC,
            {f"{PUBSUB}/{TOPIC}": refusal(403, "PERMISSION_DENIED")},
            State.UNCHECKED,
            "roles/pubsub.viewer",
        ),
        (
            in_pubsub.PUBLISHERS,
            {f"{PUBSUB}/{TOPIC}:getIamPolicy": {"etag": "ACAB"}},
            State.BROKEN,
            "--only publisher",
        ),
        (
            in_pubsub.SUBSCRIPTION,
            {f"{PUBSUB}/{TOPIC}/subscriptions": {}},
            State.BROKEN,
            "--only functions",
        ),
        (
            in_pubsub.SUBSCRIPTION,
            {f"{PUBSUB}/{SUBSCRIPTION}": {"topic": TOPIC, **PUSHED}},
            State.BROKEN,
            "--only dead-letters",
        ),
        (
            in_pubsub.SUBSCRIPTION,
            {
                f"{PUBSUB}/{SUBSCRIPTION}": {
                    "topic": TOPIC,
                    **PUSHED,
                    "deadLetterPolicy": {"deadLetterTopic": DEAD},
                }
            },
            State.WARNING,
            "--only dead-letters",
        ),
        (
            in_pubsub.SUBSCRIPTION,
            {
                f"{PUBSUB}/{SUBSCRIPTION}": {
                    "topic": TOPIC,
                    **PUSHED,
                    "deadLetterPolicy": {"deadLetterTopic": DEAD},
                    "messageRetentionDuration": "86400s",
                }
            },
            State.WARNING,
            "--only dead-letters",
        ),
        *(
            (in_pubsub.SUBSCRIPTION, {f"{PUBSUB}/{SUBSCRIPTION}": wrong}, State.BROKEN, "functions")
            for wrong in (
                {"topic": TOPIC, "pushConfig": {}},
                {"topic": TOPIC, **PUSHED, "detached": True},
                {"topic": TOPIC, **PUSHED, "state": "RESOURCE_ERROR"},
                {"topic": TOPIC, **PUSHED, "filter": "attributes.event"},
            )
        ),
        (in_pubsub.SUBSCRIPTION, {MONITORING: series(3600)}, State.WARNING, "functions logs read"),
        (
            in_pubsub.DEAD_LETTER_TOPIC,
            {f"{PUBSUB}/{DEAD}/subscriptions": {}},
            State.BROKEN,
            "--only dead-letters",
        ),
        (in_pubsub.DEAD_LETTER_TOPIC, {MONITORING: series(3)}, State.WARNING, "dead-letters list"),
    ],
)
def test_what_is_wrong_with_the_topic(
    link: Link, changes: Answers, state: State, fix: str, examine: Examine
) -> None:
    found = examine(link, ALL | changes)
    assert (found.state, fix in found.fix) == (state, True), found


# The scheduled check and the clocks

NOW = datetime(2026, 5, 13, tzinfo=UTC)


def present(record: dict[str, Any]) -> dict[str, Any]:
    """The record with `NOW` as the present."""
    passed = datetime.now(UTC) - NOW
    return {k: v + passed if isinstance(v, datetime) else v for k, v in record.items()}


@pytest.mark.parametrize(
    ("record", "state", "said"),
    [
        ({"sentAt": NOW, "failures": 0, "delayMs": 812}, State.OK, "in 812 ms"),
        ({}, State.BROKEN, "has never run"),
        ({"sentAt": NOW - timedelta(hours=1), "failures": 0}, State.BROKEN, "last ran at"),
        (
            {"sentAt": NOW, "failures": 3, "error": "no such topic", "lastSuccessAt": NOW},
            State.WARNING,
            "failed 3 times in a row",
        ),
        ({"sentAt": NOW, "failures": 3, "error": "x"}, State.WARNING, "since ever: x"),
    ],
)
def test_the_scheduled_check(
    record: dict[str, Any], state: State, said: str, examine: Examine, readable: Any
) -> None:
    readable.return_value.get.return_value.to_dict.return_value = present(record)
    found = examine(end_to_end.SCHEDULED, {})
    assert (found.state, said in found.found) == (state, True), found
    assert bool(found.fix) == (state is not State.OK)


@pytest.mark.parametrize(
    ("record", "state", "said"),
    [
        ({"at": NOW, "oldestDueAt": None}, State.OK, "at 20"),
        ({"at": NOW, "oldestDueAt": NOW - timedelta(minutes=9)}, State.OK, "at 20"),
        ({}, State.BROKEN, "run_due has never completed a run: expired shares may go on"),
        ({"at": NOW - timedelta(minutes=6)}, State.BROKEN, "run_due last completed a run at 20"),
        (
            {"at": NOW, "oldestDueAt": NOW - timedelta(minutes=11)},
            State.WARNING,
            "something is due since 20",
        ),
    ],
)
def test_what_is_due(
    record: dict[str, Any], state: State, said: str, examine: Examine, readable: Any
) -> None:
    readable.return_value.get.return_value.to_dict.return_value = present(record)
    found = examine(end_to_end.DUE, {})
    assert (found.state, said in found.found) == (state, True), found
    assert bool(found.fix) == (state is not State.OK)


def test_the_scheduled_check_can_be_turned_off(examine: Examine, mocker: Any) -> None:
    mocker.patch.object(settings, "health_check", return_value=False)
    assert examine(end_to_end.SCHEDULED, {}).state is State.NOT_HERE


@pytest.mark.parametrize(
    ("particle", "google", "state", "fix"),
    [
        (0.4, -0.7, State.OK, ""),
        (-90.0, -89.0, State.WARNING, "let this machine set its clock"),
        (0.0, 90.0, State.WARNING, "Google's clock"),
        (-90.0, None, State.WARNING, "let this machine set its clock"),
        (None, 0.0, State.OK, ""),
        (None, None, State.WARNING, "network"),
    ],
)
def test_the_clocks(
    particle: float | None,
    google: float | None,
    state: State,
    fix: str,
    examine: Examine,
    mocker: Any,
) -> None:
    url = "https://api.particle.io"
    mocker.patch.object(Deployment, "particle_url", url)
    ahead = {url: particle, end_to_end._GOOGLE: google}
    mocker.patch.object(end_to_end, "_ahead", side_effect=ahead.__getitem__)
    found = examine(end_to_end.CLOCKS, {})
    assert (found.state, fix in found.fix) == (state, True), found


@pytest.mark.parametrize(
    ("prefixes", "there", "state", "said"),
    [
        ("", [""], State.OK, "all events"),
        ("temp", ["temp", "spark/", "particle/"], State.OK, "temp…"),
        ("temp,pump/", ["temp", "spark/"], State.BROKEN, "none for pump/…, particle/…"),
        ("temp", ["", "temp", "spark/", "particle/"], State.WARNING, "1 forward what others do"),
    ],
)
def test_integrations_are_those_that_the_setting_names(
    prefixes: str, there: list[str], state: State, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARTICLE_EVENTS", prefixes)
    ours = [Integration(str(n), event, TOPIC) for n, event in enumerate(there)]
    deployment = Deployment(Target("acme", local=False))
    found = at_particle._forwarding(ours, deployment)
    assert (found.state, said in found.found) == (state, True), found
    assert deployment.name_events("a,b") == (
        "write PARTICLE_EVENTS=a,b into .env.acme, then ./deploy.sh --project acme --only "
        "integration"
    )


# Whatever is refused


class _Nobody(credentials.Base):  # type: ignore[misc] # the package has no types
    """Credentials of nobody, for Firebase's client."""

    def get_credential(self) -> AnonymousCredentials:
        return AnonymousCredentials()  # type: ignore[no-untyped-call]


@pytest.fixture
def firebase(mocker: Any) -> Iterator[None]:
    """Firebase's client for project `acme`."""
    app = firebase_admin.initialize_app(_Nobody(), {"projectId": "acme"}, "acme")
    mocker.patch.object(connections, "firebase", return_value=app)
    yield
    firebase_admin.delete_app(app)


@pytest.fixture
def refusing(firebase: None, mocker: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Lets Google, Particle and Firestore's own client answer everything with a status."""

    def set_up(status: int) -> None:
        failure: Any = {401: api.Unauthenticated, 403: api.PermissionDenied}.get(
            status, api.ServiceUnavailable
        )

        def send(self: Any, request: requests.PreparedRequest, **_: Any) -> requests.Response:
            return response(request, refusal(status, "REFUSED"))

        mocker.patch.object(requests.adapters.HTTPAdapter, "send", send)
        mocker.patch.object(transport, "pause_before_retry", return_value=None)
        mocker.patch.object(paths, "client", side_effect=failure("no"))
        mocker.patch.object(Google, "of_operator", return_value=Google("acme", requests.Session()))
        for name in (*SECRETS, target.PEPPER):
            monkeypatch.setenv(name, "given")
        monkeypatch.setenv("PARTICLE_PRODUCT", "1")
        monkeypatch.setenv("PARTICLE_API_URL", "https://api.particle.io")
        monkeypatch.setenv("PARTICLE_ACCESS_MODE", "customer")

    return set_up


@pytest.mark.parametrize("status", [403, 503])
@pytest.mark.parametrize("link", chain.LINKS, ids=lambda link: link.name)
def test_a_refusal_is_a_finding(link: Link, status: int, refusing: Callable[[int], None]) -> None:
    refusing(status)
    ((_, found),) = examined([link], Deployment(Target("acme", local=False)))
    assert found.found


@pytest.mark.parametrize("status", [403, 503])
def test_a_canary_that_nobody_may_look_for(
    status: int, refusing: Callable[[int], None], mocker: Any
) -> None:
    refusing(status)
    mocker.patch.object(canary, "ours", return_value=[Integration("1", "", TOPIC)])
    deployment = Deployment(Target("acme", local=False))
    vars(deployment)["particle"] = mocker.Mock()
    ((_, found),) = examined([end_to_end.CANARY], deployment)
    assert (found.state, "Firestore of project acme" in found.found) == (State.BROKEN, True)


def test_whatever_is_refused_all_links_are_told(
    refusing: Callable[[int], None], capsys: pytest.CaptureFixture[str]
) -> None:
    refusing(403)
    assert run_command(["doctor", "--project", "acme", "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert [link["name"] for link in answer["links"]] == [link.name for link in chain.LINKS]


def test_a_token_from_the_environment_that_has_ended(
    refusing: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARTICLE_ACCESS_TOKEN", "old")
    refusing(401)
    deployment = Deployment(Target("acme", local=False))
    ((_, found),) = examined([at_particle.INTEGRATIONS], deployment)
    assert (found.state, "PARTICLE_ACCESS_TOKEN" in found.found) == (State.BROKEN, True), found


@pytest.mark.parametrize(
    ("answer", "state", "said"),
    [
        ((200, {"users": []}), State.OK, "nobody has signed up yet"),
        ((200, {"users": [{"localId": "ada"}]}), State.OK, "can be read"),
        (refusal(403, "PERMISSION_DENIED"), State.UNCHECKED, "roles/firebaseauth.viewer"),
        ((400, {"error": {"message": "CONFIGURATION_NOT_FOUND"}}), State.BROKEN, "never set up"),
        ((503, {}), State.BROKEN, "Firebase Auth failed"),
    ],
)
def test_users(answer: Any, state: State, said: str, firebase: None, mocker: Any) -> None:
    def send(self: Any, request: requests.PreparedRequest, **_: Any) -> requests.Response:
        assert str(request.url).startswith("https://identitytoolkit.googleapis.com/")
        return response(request, answer)

    mocker.patch.object(requests.adapters.HTTPAdapter, "send", send)
    ((_, found),) = examined([in_auth.USERS], Deployment(Target("acme", local=False)))
    assert (found.state, said in found.found) == (state, True), found


def test_a_canary_that_cannot_be_deleted_has_arrived(mocker: Any) -> None:
    event = mocker.MagicMock(create_time=NOW, read_time=NOW)
    event.reference.delete.side_effect = api.PermissionDenied("no")  # type: ignore[no-untyped-call]
    mocker.patch.object(secrets, "token_hex", return_value="1")
    event.get.return_value = "canary-1"
    mocker.patch.object(canary, "_newest", return_value=[event])
    flight = canary.fly(mocker.Mock(), mocker.Mock(), Integration("1", "", TOPIC), 0.0)
    assert flight.delay_ms >= 0
    event.reference.delete.assert_called_once()


# The command


def test_without_a_log_in_it_cannot_run(mocker: Any, capsys: pytest.CaptureFixture[str]) -> None:
    mocker.patch.object(google.auth, "default", side_effect=DefaultCredentialsError)
    assert run_command(["doctor", "--project", "acme"]) == 2
    assert "gcloud auth application-default login" in capsys.readouterr().err


def test_a_log_in_that_has_ended(mocker: Any) -> None:
    session = requests.Session()
    mocker.patch.object(session, "request", side_effect=RefreshError)
    with pytest.raises(CannotRun, match="gcloud auth application-default login"):
        Google("acme", session).get("https://pubsub.googleapis.com/", "")


def test_secrets_that_cannot_be_had(
    examine: Examine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gcloud = tmp_path / "gcloud"
    gcloud.write_text("#!/bin/sh\necho 'NOT_FOUND: no secret' >&2\nexit 1\n")
    gcloud.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    found = examine(at_particle.ACCESS[0], {})
    assert (found.state, found.fix) == (State.BROKEN, "./deploy.sh --project acme --only secrets")
    assert "PARTICLE_CLIENT_ID of project acme cannot be read (NOT_FOUND" in found.found
    gcloud.write_text("#!/bin/sh\nprintf hush\n")
    found = examine(at_particle.ACCESS[0], {})
    assert found.state is State.OK
    assert "hush" not in found.found
    assert os.environ["PARTICLE_CLIENT_SECRET"] == "hush"


# The chain


def test_what_needs_a_broken_link_is_not_examined() -> None:
    deployment = Deployment(Target("acme", local=False))
    seen: list[str] = []

    def link(name: str, state: State, *needs: str) -> Link:
        def look(_: Deployment) -> Finding:
            seen.append(name)
            return Finding(state, "")

        return Link(name, look, needs)

    links = [
        link("a", State.WARNING),
        link("hidden", State.UNCHECKED),
        link("b", State.BROKEN, "a"),
        link("c", State.OK, "b"),
        link("d", State.OK, "c"),
        link("e", State.OK, "a", "hidden", "elsewhere"),
    ]
    states = {each.name: finding.state for each, finding in examined(links, deployment)}
    assert seen == ["a", "hidden", "b", "e"]
    assert (states["c"], states["d"]) == (State.UNCHECKED, State.UNCHECKED)
