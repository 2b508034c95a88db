"""Another region, and a database in a multi-region: what the Firebase CLI and the script do.

The CLI's own code reads the manifest of the functions, resolves its parameters, checks it, and
looks up where the triggers are.
"""

import json
import os
import subprocess
import sys
from typing import Any

import pytest
import yaml

from local.configuration import read_settings
from shared import settings
from tests.unit.deploy.checkout import PROJECT, ROOT, SETTINGS, Checkout

REGION = "europe-west1"
DISCOVER = """
from firebase_functions.private import serving
print(serving.functions_as_yaml(serving.get_functions()))
"""
RESOLVE = """
const lib = "./tools/node_modules/firebase-tools/lib/";
require(lib + "gcp/firestore").getDatabase = async () => ({ locationId: process.argv[1] });
const { buildFromV1Alpha1 } = require(lib + "deploy/functions/runtimes/discovery/v1alpha1");
const build = require(lib + "deploy/functions/build");
const backend = require(lib + "deploy/functions/backend");
const { endpointsAreValid } = require(lib + "deploy/functions/validate");
const { ensureTriggerRegions } = require(lib + "deploy/functions/triggerRegionHelper");
const { functionFromEndpoint } = require(lib + "gcp/cloudfunctionsv2");
const { manifest, env } = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
(async () => {
  const found = buildFromV1Alpha1(manifest, "acme-pumps", "us-central1", "python311");
  const want = build.toBackend(found, build.envWithTypes(found.params, env));
  for (const one of backend.allEndpoints(want)) one.codebase = "default";
  await ensureTriggerRegions(want);
  endpointsAreValid(want, backend.empty());
  const sent = backend.allEndpoints(want).map((one) => functionFromEndpoint({
    ...one, source: { storageSource: { bucket: "b", object: "o" } },
  }));
  console.log(JSON.stringify(sent));
})();
"""


@pytest.fixture(scope="module")
def manifest() -> Any:
    inherited = {name: value for name, value in os.environ.items() if name != "FUNCTION_TARGET"}
    printed = subprocess.run(  # noqa: S603 - fixed argv
        [sys.executable, "-c", DISCOVER],
        cwd=ROOT,
        env=inherited,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return yaml.safe_load(printed)


@pytest.mark.parametrize("database", ["eur3", REGION])
def test_what_the_firebase_cli_sends(database: str, manifest: Any) -> None:
    own = {"PARTICLE_PRODUCT": "1", "PARTICLE_API_URL": "https://api.particle.io"}
    own |= {"PARTICLE_ACCESS_MODE": "customer", "EVENT_RETENTION_DAYS": "90"}
    env = {**read_settings(ROOT / ".env"), **own, "FUNCTIONS_REGION": REGION}
    done = subprocess.run(  # noqa: S603 - fixed argv
        ["node", "-e", RESOLVE, database],  # noqa: S607
        cwd=ROOT,
        input=json.dumps({"manifest": manifest, "env": env}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    sent = json.loads(done.stdout.splitlines()[-1])
    assert len(sent) == len(manifest["endpoints"])
    assert {one["name"].split("/")[3] for one in sent} == {REGION}
    triggers = [one["eventTrigger"] for one in sent if "eventTrigger" in one]
    on_documents = [one for one in triggers if ".firestore." in one["eventType"]]
    assert on_documents
    assert {one["triggerRegion"] for one in on_documents} == {database}
    assert {one.get("triggerRegion", REGION) for one in triggers} == {database, REGION}
    sizes = {
        (
            one["serviceConfig"]["availableCpu"],
            one["serviceConfig"]["maxInstanceRequestConcurrency"],
        )
        for one in sent
    }
    small = settings.callable_options("share_device")["cpu"]
    tiny = settings.SCHEDULE_OPTIONS["cpu"]
    assert sizes == {("1", 40), (str(small), 1), (str(tiny), 1)}
    assert {one["serviceConfig"]["maxInstanceCount"] for one in sent} == {20}


def test_the_script_runs_where_the_settings_say(checkout: Checkout) -> None:
    (checkout.folder / f".env.{PROJECT}").write_text(SETTINGS.replace("us-central1", REGION))
    done = checkout.deploy("--database-location", "eur3", "--fixed-ip", "--bigquery")
    assert done.returncode == 0, done.stderr
    lines = [call.line for call in checkout.calls]
    elsewhere = [line for line in lines if "us-central1" in line]
    assert [line for line in elsewhere if "eventarc-us-central1-" not in line] == [], "a stand-in's"
    assert [line for line in lines if "databases create" in line and "--location=eur3" in line]
    there = f"--region={REGION}"
    assert [line for line in lines if "add-invoker-policy-binding" in line and there in line]
    assert [line for line in lines if line.startswith("bq") and f"--location={REGION}" in line]
    build = next(call for call in checkout.calls if call.argv[0] == "npm")
    assert f"VITE_FUNCTIONS_REGION='{REGION}'" in build.environment
