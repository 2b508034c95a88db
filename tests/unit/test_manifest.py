"""What the Firebase CLI discovers: names, triggers, retries, secrets and options."""

import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import main

ROOT = Path(main.__file__).parent
PARTICLE = ["PARTICLE_CLIENT_ID", "PARTICLE_CLIENT_SECRET"]
CALLABLE: dict[str, Any] = {"callableTrigger": {}}
SECRETS = {
    "accept_invitation": [],
    "accept_transfer": PARTICLE,
    "cancel_invitation": [],
    "cancel_transfer": [],
    "change_share": [],
    "end_share": [],
    "offer_transfer": [],
    "share_device": ["SMTP_URL"],
    "claim_device": [*PARTICLE, "SETUP_CODE_PEPPER"],
    "cancel_command": [],
    "check_health": PARTICLE,
    "confirm_claim": PARTICLE,
    "create_claim_code": [*PARTICLE, "SETUP_CODE_PEPPER"],
    "delete_account": PARTICLE,
    "acknowledge_alert": [],
    "delete_alert": [],
    "delete_schedule": [],
    "pause_schedules": [],
    "run_schedule": PARTICLE,
    "save_schedule": [],
    "delete_webhook": [],
    "save_webhook": ["WEBHOOK_KEY"],
    "test_webhook": ["WEBHOOK_KEY"],
    "deliver_notification": ["SMTP_URL", "WEBHOOK_KEY"],
    "fan_out_alert": ["SMTP_URL"],
    "save_notifications": [],
    "save_alert": [],
    "end_tokens": PARTICLE,
    "erase_account": PARTICLE,
    "export_account": [],
    "finish_release": PARTICLE,
    "ingest": [],
    "ingest_webhook": ["WEBHOOK_SECRET"],
    "list_devices": PARTICLE,
    "release_device": PARTICLE,
    "restore_status": PARTICLE,
    "rename_device": [],
    "revoke_tokens": PARTICLE,
    "send_queued": PARTICLE,
    "run_due": [],
    "settle_commands": PARTICLE,
    "invoke_function": PARTICLE,
    "mint_token": PARTICLE,
    "on_user_created": PARTICLE,
    "read_variable": PARTICLE,
}

WARM = {
    "claim_device",
    "ingest",
    "invoke_function",
    "list_devices",
    "mint_token",
    "read_variable",
}


INGEST = {"ingest", "ingest_webhook"}
"""They ask nothing of Particle."""


def on_document(document: str, event: str = "created") -> dict[str, Any]:
    """A trigger on what happens to documents."""
    return {
        "eventTrigger": {
            "eventType": f"google.cloud.firestore.document.v1.{event}",
            "eventFilters": {"database": "(default)", "namespace": "(default)"},
            "eventFilterPathPatterns": {"document": document},
            "retry": True,
        }
    }


TINY = {
    *("check_health", "run_due", "settle_commands"),
    *("end_tokens", "erase_account", "finish_release", "restore_status"),
}
"""What runs in the background, and nobody waits for."""

TRIGGERS: dict[str, Any] = {
    "confirm_claim": on_document("devices/{deviceId}/events/{eventId}"),
    "deliver_notification": on_document("deliveries/{deliveryId}", "written"),
    "end_tokens": on_document("tokenEndings/{uid}"),
    "erase_account": on_document("deletedUsers/{uid}"),
    "fan_out_alert": on_document("users/{uid}/devices/{deviceId}/alertLog/{entryId}"),
    "finish_release": on_document("releases/{id}"),
    "ingest": {
        "eventTrigger": {
            "eventType": "google.cloud.pubsub.topic.v1.messagePublished",
            "eventFilters": {"topic": "particle-events"},
            "retry": True,
        }
    },
    "run_schedule": on_document("scheduleRuns/{id}", "written"),
    "restore_status": on_document("users/{uid}", "updated"),
    "send_queued": on_document("devices/{deviceId}/presence/online", "written"),
    "check_health": {
        "scheduleTrigger": {
            "schedule": "every 5 minutes",
            "retryConfig": {},
        }
    },
    "run_due": {
        "scheduleTrigger": {
            "schedule": "every 1 minutes",
            "retryConfig": {},
        }
    },
    "settle_commands": {
        "scheduleTrigger": {
            "schedule": "every 5 minutes",
            "retryConfig": {},
        }
    },
    "on_user_created": on_document("users/{uid}"),
    "ingest_webhook": {"httpsTrigger": {"invoker": ["public"]}},
}

_DISCOVER = """
from firebase_functions.private import serving
print(serving.functions_as_yaml(serving.get_functions()))
"""
_MODULES = """
import json, os, sys
import firebase_admin.auth, google.cloud.firestore, requests
for name in json.loads(os.environ["NAMES"]):
    if not os.fork():
        os.environ["FUNCTION_TARGET"] = name
        import main
        print(json.dumps([name, sorted(sys.modules)]), flush=True)
        os._exit(0)
    _, status = os.wait()
    assert status == 0, name
"""
"""What each function's instance imports, a line each.

They are forks of a process that has imported the packages that most need, which takes seconds.
"""
_FILES = """
import json, sys
import main
files = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
print(json.dumps([file for file in files if file]))
"""


def python(script: str, **environment: str) -> str:
    """What a fresh interpreter prints in the functions' folder."""
    # The functions framework leaves its target behind where functions were served in this process.
    inherited = {name: value for name, value in os.environ.items() if name != "FUNCTION_TARGET"}
    return subprocess.run(  # noqa: S603 - fixed argv
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


@pytest.fixture(scope="module")
def endpoints() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(python(_DISCOVER))["endpoints"]
    return found


def test_exactly_these_functions_are_deployed(endpoints: dict[str, Any]) -> None:
    files = {file.stem for file in (ROOT / "functions").glob("*.py")} - {"__init__"}
    assert set(endpoints) == set(main.FUNCTIONS) == files


@pytest.mark.parametrize("name", main.FUNCTIONS)
def test_each_has_its_trigger_its_options_and_no_other_secrets(
    name: str, endpoints: dict[str, Any]
) -> None:
    endpoint = endpoints[name]
    keys = ("eventTrigger", "callableTrigger", "httpsTrigger", "scheduleTrigger")
    trigger = {key: endpoint[key] for key in keys if key in endpoint}
    assert trigger == TRIGGERS.get(name, CALLABLE)
    assert [s["key"] for s in endpoint["secretEnvironmentVariables"]] == SECRETS[name]
    assert endpoint["entryPoint"] == name
    assert endpoint["region"] == ["{{ params.FUNCTIONS_REGION }}"]
    # The Firebase CLI refuses more than one request at a time below a whole CPU.
    whole = WARM | {"confirm_claim", "ingest_webhook", "send_queued"}
    size = (1, 40, 512) if name in whole else (0.333, 1, 512)
    if name in TINY:
        size = (0.167, 1, 256)
    given = tuple(endpoint[key] for key in ("cpu", "concurrency", "availableMemoryMb"))
    assert given == size
    assert endpoint["timeoutSeconds"] == (60 if trigger == CALLABLE or name in INGEST else 120)
    # None tells the platform to go back to its default, zero.
    assert endpoint["minInstances"] == ("{{ params.MIN_INSTANCES }}" if name in WARM else None)
    assert endpoint["maxInstances"] == "{{ params.MAX_INSTANCES }}"

    # By a parameter: the Firebase CLI attaches no connector where it is empty.
    through = {"connector": "{{ params.VPC_CONNECTOR }}", "egressSettings": "ALL_TRAFFIC"}
    assert endpoint.get("vpc") == (None if name in INGEST else through)


def test_exactly_what_apps_and_webhooks_call_is_made_public(endpoints: dict[str, Any]) -> None:
    done = subprocess.run(
        ["bash", "-c", ". deploy/project.sh; public_functions"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    called = {"callableTrigger", "httpsTrigger"}
    assert set(done.stdout.split()) == {n for n, e in endpoints.items() if called & e.keys()}


def test_an_instance_has_a_thread_for_each_concurrent_request(endpoints: dict[str, Any]) -> None:
    threads = re.search(r"^THREADS=(\d+)$", (ROOT / ".env").read_text(), re.MULTILINE)
    assert threads
    assert max(endpoint["concurrency"] for endpoint in endpoints.values()) == int(threads[1])


def test_a_deployment_starts_no_more_cpus_than_a_new_project_may(endpoints: dict[str, Any]) -> None:
    """An instance of each function, in the region of all: CpuAllocPerProjectRegion."""
    assert sum(endpoint["cpu"] for endpoint in endpoints.values()) <= 20


@pytest.fixture(scope="module")
def imported_by() -> dict[str, list[str]]:
    printed = python(_MODULES, NAMES=json.dumps(list(main.FUNCTIONS)))
    return dict(json.loads(line) for line in printed.splitlines())


@pytest.mark.parametrize("name", main.FUNCTIONS)
def test_a_cold_start_imports_one_function_and_what_it_needs(
    name: str, imported_by: dict[str, list[str]]
) -> None:
    modules = imported_by[name]
    others = {f"functions.{other}" for other in main.FUNCTIONS} - {f"functions.{name}"}
    assert not others & set(modules)
    assert "google.cloud.pubsub_v1" not in modules
    assert "firebase_functions.options" not in modules
    assert ("shared.particle" in modules) == (name not in {*INGEST, "fan_out_alert"})


def test_what_the_functions_import_is_in_their_requirements() -> None:
    """Development's packages lie in the same environment; a deployment has the pinned ones only."""
    files = set(json.loads(python(_FILES)))
    used = {
        re.sub(r"[-_.]+", "-", distribution.name.lower())
        for distribution in importlib.metadata.distributions()
        for file in distribution.files or []
        if str(distribution.locate_file(file)) in files
    }
    pins = (ROOT / "requirements.txt").read_text()
    pinned = set(re.findall(r"^([a-z0-9-]+)==", pins, re.MULTILINE))
    # httpx imports its own command line, and with it these, where they happen to be; setuptools
    # comes with the interpreter, by its start-up hook.
    optional = {"pygments", "rich", "markdown-it-py", "mdurl", "setuptools"}
    assert used
    assert used - pinned - optional == set()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("telemetry.json", '{\n"identity": 7}', "telemetry.json, line 2: identity"),
        (
            "offer.json",
            '{"functions": {"a": {"pattern": "("}}}',
            "offer.json, line 1: functions > a",
        ),
    ],
)
def test_a_wrong_file_of_the_product_is_not_deployed(
    name: str, content: str, said: str, tmp_path: Path
) -> None:
    """The Firebase CLI cannot find out what to deploy. Functions that need no such file serve."""
    for part in ("main.py", "functions"):
        (tmp_path / part).symlink_to(ROOT / part)
    skip = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "shared", tmp_path / "shared", ignore=skip)
    (tmp_path / name).write_text(content)

    def imported(**environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", "import main"],
            cwd=tmp_path,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    found = imported()
    assert found.returncode == 1
    assert said in found.stderr
    assert imported(FUNCTION_TARGET="check_health").returncode == 0
