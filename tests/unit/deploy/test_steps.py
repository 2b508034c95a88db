"""deploy.sh: each step alone, with what it finds in the project and what fails."""

import json
import re
from typing import NamedTuple

import pytest

from tests.unit.deploy.checkout import ALWAYS, HERE, PROJECT, ROOT, STEPS, Checkout

AGENT = "serviceAccount:service-4711@gcp-sa-pubsub.iam.gserviceaccount.com"
INGEST = "eventarc-us-central1-ingest-42-sub-7"


class Step(NamedTuple):
    """A step as it went without a failure: the project before and after, and what was run."""

    before: dict[str, str]
    after: dict[str, str]
    lines: set[str]


def only(step: str) -> tuple[str, ...]:
    return ("--only", step, *(["--alert-email", "ops@acme.example"] if step == "alerts" else []))


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Step]:
    checkout = Checkout(tmp_path_factory.mktemp("history"))
    steps = {}
    for step in STEPS:
        before = checkout.project
        assert checkout.deploy(*only(step)).returncode == 0
        steps[step] = Step(before, checkout.project, set(checkout.steps))
    return steps


def test_only_the_steps_named_are_run_in_their_own_order(checkout: Checkout) -> None:
    done = checkout.deploy("--only", "publisher, topic")
    assert done.returncode == 0, done.stderr
    titles = re.findall(r"^\d+\. (.*)", done.stdout, re.MULTILINE)
    assert titles[3:] == ["Create the topic", "Let Particle publish"]
    assert all("topics" in line for line in checkout.steps)
    assert "Done: publisher,topic." in done.stdout


def test_the_web_app_is_built_where_it_is_deployed(checkout: Checkout) -> None:
    """What lies in web/dist may be the demo's."""
    checkout.deploy("--only", "web")
    assert [call.argv[0] for call in checkout.calls].count("npm") == 1
    checkout.deploy("--only", "functions")
    assert "npm" not in [call.argv[0] for call in checkout.calls]


def test_the_key_of_app_check_comes_from_the_settings(checkout: Checkout) -> None:
    """One that stands in a shell alone is lost by the next deployment from another one."""
    settings = checkout.folder / f".env.{PROJECT}"
    before = settings.read_text()
    settings.write_text(f"{before}REQUIRE_APP_CHECK=True\n")
    for given in ({}, {"VITE_APP_CHECK_KEY": "of-a-shell"}):
        done = checkout.run("--yes", "--only", "web", given=given)
        assert done.returncode == 1
        assert f"VITE_APP_CHECK_KEY in .env.{PROJECT}" in done.stderr
        settings.write_text(before)
    settings.write_text(
        f"{before}REQUIRE_APP_CHECK=true\nVITE_APP_CHECK_KEY=6Lc_of-acme # public\n"
    )
    assert checkout.deploy("--only", "web").returncode == 0
    build = next(call for call in checkout.calls if call.argv[0] == "npm")
    assert "VITE_APP_CHECK_KEY='6Lc_of-acme'" in build.environment


@pytest.mark.parametrize("components", ["", "2026.01.02\t"])
def test_components_of_gcloud_that_alerts_need_are_asked_for_first(
    checkout: Checkout, components: str
) -> None:
    checkout.holds("components", components)
    done = checkout.deploy()
    assert done.returncode == 1
    assert "gcloud components install alpha beta" in done.stderr
    assert checkout.steps[-1] == "gcloud version --format=value(alpha,beta)", "the last one"
    assert checkout.deploy("--only", "functions").returncode == 0


def test_options_that_name_a_step_add_it(checkout: Checkout) -> None:
    lines = checkout.run("--dry-run").stdout
    assert "vpc-access" not in lines
    assert "bq " not in lines
    lines = checkout.run("--dry-run", "--only", "functions", "--fixed-ip").stdout
    assert "vpc-access" in lines
    assert "bq " not in lines
    assert "policies" not in lines
    lines = checkout.run("--dry-run", "--only=functions", "--alert-email=ops@acme.example").stdout
    assert "policies" in lines


def test_a_dry_run_prints_the_steps_that_are_asked_for(checkout: Checkout) -> None:
    asked = ("--only", "fixed-ip", "--bigquery", "--alert-email", "ops@acme.example")
    assert checkout.run("--dry-run", *asked).stdout == (HERE / "dry_run_options.txt").read_text()


@pytest.mark.parametrize("step", [step for step in STEPS if step != "sign-in"])
def test_a_step_that_fails_anywhere_is_finished_by_the_next_runs(
    checkout: Checkout, history: dict[str, Step], step: str
) -> None:
    for name, text in history[step].before.items():
        (checkout.state / name).write_text(text)
    checkout.deploy("--only", "billing")
    always = sorted({call.line for call in checkout.calls} - set(checkout.steps))
    # What can be done by hand stops nothing: test_site.py.
    always += [line for line in history[step].lines if "deploy/link_site.py" in line]
    checkout.lets_each_command_fail_twice(except_for=always)
    failures = 0
    while (done := checkout.deploy(*only(step))).returncode != 0:
        failures += 1
        assert re.search(r"^Stopped in step \d+: ", done.stderr, re.MULTILINE)
        assert "told to fail" in done.stderr
        assert "run the same command again" in done.stderr
        assert "Done" not in done.stdout
        assert checkout.held("failed")[-1] == checkout.calls[-1].line, "nothing follows a failure"
    failed = set(checkout.held("failed")) - set(always)
    assert failures == 2 * len(failed) > 0
    assert failed >= history[step].lines - set(always)
    assert without_pepper(checkout.project) == without_pepper(history[step].after)


def without_pepper(project: dict[str, str]) -> dict[str, str]:
    return {name: re.sub(r"[0-9a-f]{64}", "PEPPER", text) for name, text in project.items()}


@pytest.mark.parametrize("always", ALWAYS)
def test_a_failure_before_the_first_change_stops(checkout: Checkout, always: str) -> None:
    checkout.deploy("--only", "billing")
    lines = [call.line for call in checkout.calls]
    checkout.lets_each_command_fail_twice(
        except_for=[line for line in lines if not line.startswith(always)]
    )
    done = checkout.deploy("--only", "billing")
    assert done.returncode == 1
    assert "Stopped in step" in done.stderr
    assert checkout.calls[-1].line.startswith(always)


def test_an_alias_of_firebaserc_stands_for_its_project(checkout: Checkout) -> None:
    aliases = {"projects": {"production": "acme-live", "staging": PROJECT}}
    for text in (json.dumps(aliases), json.dumps(aliases, indent=2)):
        (checkout.folder / ".firebaserc").write_text(text)
        done = checkout.run("--dry-run", "--project", "staging")
        assert done.returncode == 0, done.stderr
        assert done.stdout == checkout.run("--dry-run").stdout
        done = checkout.run("--dry-run", "--project=production")
        assert "in .env.acme-live: PARTICLE_PRODUCT" in done.stderr, "settings of its own"


def test_settings_may_be_named_after_an_alias(checkout: Checkout) -> None:
    (checkout.folder / ".firebaserc").write_text(json.dumps({"projects": {"staging": PROJECT}}))
    (checkout.folder / f".env.{PROJECT}").rename(checkout.folder / ".env.staging")
    assert checkout.deploy("--only", "rules").returncode == 0
    (deployed,) = (call.line for call in checkout.calls if " deploy " in call.line)
    assert "--project staging" in deployed, "by its id, the Firebase CLI would not read the file"


def test_two_files_of_settings_are_refused(checkout: Checkout) -> None:
    (checkout.folder / ".firebaserc").write_text(json.dumps({"projects": {"staging": PROJECT}}))
    (checkout.folder / ".env.production").touch()
    assert checkout.run("--dry-run").stderr == ""
    (checkout.folder / ".env.staging").touch()
    done = checkout.deploy()
    assert done.returncode == 1
    assert f"there are .env.staging and .env.{PROJECT}" in done.stderr
    assert checkout.calls == []


def test_what_particle_refuses_stops_before_anything_is_deployed(checkout: Checkout) -> None:
    for _ in range(2):  # the second one asks for the secrets that the first one stored
        checkout.deploy("--only", "billing,apis,secrets")
    checkout.lets_each_command_fail_twice(except_for=[call.line for call in checkout.calls])
    done = checkout.deploy("--only", "billing,apis,secrets,particle,topic,functions")
    assert done.returncode == 1
    assert "Ask Particle" in done.stderr


def test_the_account_has_its_rights_before_it_is_needed(checkout: Checkout) -> None:
    """In organisations made since May 2024 it is no Editor, and the build is refused."""
    checkout.holds("granted")
    assert checkout.deploy("--only", "functions").returncode == 1
    assert checkout.deploy().returncode == 0
    assert "roles/cloudbuild.builds.builder" in checkout.held("granted")


def test_functions_that_lost_public_access_get_it_back(checkout: Checkout) -> None:
    """The Firebase CLI gives it to functions that it creates, and never again."""
    checkout.deploy()
    checkout.holds("public")
    checkout.deploy("--only", "functions")
    assert checkout.held("public") == ["mint_token"]


def test_where_the_organisation_forbids_public_access_it_says_so_each_time(
    checkout: Checkout,
) -> None:
    checkout.holds("refused", "gcloud functions add-invoker-policy-binding *")
    for _ in range(2):
        done = checkout.deploy("--only", "functions,public")
        assert done.returncode == 1
        assert "iam.allowedPolicyMemberDomains" in done.stderr


def test_sign_in_that_cannot_be_turned_on_is_left_to_a_person(checkout: Checkout) -> None:
    errand = "console.firebase.google.com/project/acme-pumps/authentication/providers"
    assert errand not in checkout.deploy("--only", "sign-in").stdout
    checkout.holds("refused", "firebase deploy --only auth *")
    for steps in (("--only", "sign-in"), ()):
        done = checkout.deploy(*steps)
        assert done.returncode == 0, done.stderr
        assert errand in done.stdout
    assert json.loads((ROOT / "firebase.json").read_text())["auth"]["providers"]["emailPassword"]


def test_who_names_no_address_is_told_that_alarms_reach_nobody(checkout: Checkout) -> None:
    assert "Alerts reach nobody" in checkout.deploy().stdout
    assert "Alerts reach nobody" not in checkout.deploy("--alert-email=ops@acme.example").stdout
    assert "Alerts reach nobody" not in checkout.deploy().stdout, "the policies have one"
    assert "Alerts reach nobody" not in checkout.deploy("--only", "rules").stdout


def test_messages_that_ingest_never_takes_are_kept(checkout: Checkout) -> None:
    checkout.deploy("--only", "topic,functions,dead-letters")
    assert "particle-events-dead,particle-events-dead" in checkout.held("subscriptions")
    lines = [call.line for call in checkout.calls]
    for what, right in (("topics", "publisher"), ("subscriptions", "subscriber")):
        name = {"topics": "particle-events-dead", "subscriptions": INGEST}[what]
        granted = (
            f"{what} add-iam-policy-binding {name} --member={AGENT} --role=roles/pubsub.{right}"
        )
        assert [line for line in lines if granted in line]
    [updated] = [line for line in lines if f"subscriptions update {INGEST} " in line]
    assert "--dead-letter-topic=particle-events-dead --max-delivery-attempts=100" in updated
    assert "--min-retry-delay=10s --max-retry-delay=600s" in updated
    assert "--message-retention-duration=7d" in updated


def test_only_the_subscription_of_the_functions_gets_dead_letters(checkout: Checkout) -> None:
    others = ["analytics,particle-events", "eventarc-us-central1-other-1-sub-2,orders"]
    checkout.holds("subscriptions", *others)
    done = checkout.deploy("--only", "topic,dead-letters")
    assert done.returncode == 1
    assert "--only functions" in done.stderr
    checkout.deploy("--only", "functions")
    updated = [call.argv[4] for call in checkout.calls if "update" in call.argv]
    assert updated == [INGEST]


def test_a_trigger_that_was_made_anew_gets_its_dead_letters_again(checkout: Checkout) -> None:
    checkout.deploy("--only", "functions")
    checkout.holds("subscriptions", "eventarc-us-central1-ingest-43-sub-8,particle-events")
    checkout.deploy("--only", "dead-letters")
    assert [call.argv[4] for call in checkout.calls if "update" in call.argv] == [
        "eventarc-us-central1-ingest-43-sub-8"
    ]


def test_the_connector_is_written_to_the_settings_once(checkout: Checkout) -> None:
    settings = checkout.folder / f".env.{PROJECT}"
    before = settings.read_text()
    settings.write_text(before.rstrip("\n"))  # as an editor may leave it
    for _ in range(2):
        done = checkout.deploy("--only", "fixed-ip,functions")
        assert done.returncode == 0, done.stderr
        assert settings.read_text() == before + "VPC_CONNECTOR=particle-egress\n"
    assert done.stdout.index("addresses describe") < done.stdout.index("deploy --only functions")
    assert "203.0.113.7" in done.stdout


def test_a_connector_of_the_operators_own_is_left_alone(checkout: Checkout) -> None:
    with (checkout.folder / f".env.{PROJECT}").open("a") as file:
        file.write("VPC_CONNECTOR=office\n")
    assert checkout.deploy("--only", "functions").returncode == 0
    done = checkout.deploy("--fixed-ip")
    assert done.returncode == 1
    assert "names office, which is yours" in done.stderr
    assert checkout.calls == []


def test_events_go_to_bigquery_as_the_schema_says(checkout: Checkout) -> None:
    assert checkout.deploy("--only", "topic,bigquery").returncode == 0
    assert "particle-events-bigquery,particle-events" in checkout.held("subscriptions")
    columns = json.loads((ROOT / "deploy/bigquery-schema.json").read_text())
    # What a subscription with --write-metadata writes, neither more nor less:
    # cloud.google.com/pubsub/docs/bigquery#write_metadata
    assert {column["name"]: column["type"] for column in columns} == {
        "subscription_name": "STRING",
        "message_id": "STRING",
        "publish_time": "TIMESTAMP",
        "data": "BYTES",
        "attributes": "JSON",
    }


def test_bq_is_asked_for_where_it_is_needed(checkout: Checkout) -> None:
    (checkout.bin / "bq").unlink()
    assert checkout.deploy("--only", "topic").returncode == 0
    done = checkout.deploy("--bigquery")
    assert done.returncode == 1
    assert "gcloud components install bq" in done.stderr


def test_alerts_are_found_again_and_keep_their_channels(checkout: Checkout) -> None:
    checkout.deploy("--only", "metrics,alerts")
    assert checkout.held("metrics") == ["calls_failed"]
    assert checkout.held("policies") == ["calls-failed\tprojects/p/alertPolicies/calls-failed\t"]
    by_hand = "calls-failed\tprojects/p/alertPolicies/calls-failed\tpager"
    checkout.holds("policies", "\tprojects/p/alertPolicies/mine\t", by_hand)
    checkout.deploy("--only", "metrics,alerts")
    assert checkout.held("policies") == ["\tprojects/p/alertPolicies/mine\t", by_hand]
    for _ in range(2):
        checkout.deploy("--only", "metrics,alerts", "--alert-email=ops@acme.example")
        assert checkout.held("channels") == ["projects/p/notificationChannels/1"]
        assert checkout.held("policies")[1] == f"{by_hand},projects/p/notificationChannels/1"


def test_the_products_alerts_can_be_applied() -> None:
    """A file's name becomes a metric's name, or the value of a label."""
    metrics = [path.stem for path in (ROOT / "deploy/monitoring/metrics").iterdir()]
    alerts = [path.stem for path in (ROOT / "deploy/monitoring/alerts").iterdir()]
    assert metrics
    assert alerts
    assert [name for name in metrics if not re.fullmatch(r"[a-z][a-z0-9_]*", name)] == []
    assert [name for name in alerts if not re.fullmatch(r"[a-z0-9_-]{1,63}", name)] == []
    for path in (ROOT / "deploy/monitoring").glob("*/*.json"):
        json.loads(path.read_text())


def test_indexes_are_such_as_the_service_takes() -> None:
    """`*` exempts a whole collection from indexing, but cannot carry a TTL (it answers 400)."""
    overrides = json.loads((ROOT / "firestore.indexes.json").read_text())["fieldOverrides"]
    assert [o for o in overrides if o["fieldPath"] == "*" and "ttl" in o] == []
    ttl = [o for o in overrides if o.get("ttl")]
    groups = [o["collectionGroup"] for o in ttl]
    assert len(groups) == len(set(groups)) > 0, "one for each collection"
    assert {o["fieldPath"] for o in ttl} == {"expireAt"}
    assert [o for o in ttl if o["indexes"]] == [], "an index over a rising time slows all writes"


def test_backups_are_kept_unless_they_are_refused(checkout: Checkout) -> None:
    done = checkout.deploy("--no-backups")
    assert done.returncode == 0, done.stderr
    assert (checkout.held("recovery"), checkout.held("schedules")) == ([], [])
    assert "Nothing keeps backups" in done.stdout
    checkout.holds("schedules", "0a1b,8467200s,SUNDAY")
    for _ in range(2):
        assert "Nothing keeps backups" not in checkout.deploy().stdout
        assert checkout.held("recovery") == ["POINT_IN_TIME_RECOVERY_ENABLED"]
        assert checkout.held("schedules") == ["0a1b,8467200s,SUNDAY", "0f1e2d3c,604800s,"]


def test_a_daily_backup_of_the_operators_own_is_left_alone(checkout: Checkout) -> None:
    checkout.holds("schedules", "9a8b,2592000s,")
    assert "kept for 2592000s" in checkout.deploy("--only", "database,backups").stdout
    assert checkout.held("schedules") == ["9a8b,2592000s,"]


def test_the_database_elsewhere_is_pointed_out(checkout: Checkout) -> None:
    checkout.holds("databases", "(default),FIRESTORE_NATIVE,europe-west1")
    assert "crosses from there" in checkout.deploy("--only", "database").stdout
    checkout.holds("databases", "(default),FIRESTORE_NATIVE,us-central1")
    assert "crosses from there" not in checkout.deploy("--only", "database").stdout
