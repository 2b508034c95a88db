"""deploy.sh: what it prints, what it would run and what it runs, with stand-ins for the tools.

Nothing here has seen the real Google Cloud; see docs/deploy.md.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

from tests.unit.deploy.checkout import (
    ACCESS_TOKEN,
    CLIENT_ID,
    CLIENT_SECRET,
    EVERYTHING,
    HERE,
    PROJECT,
    ROOT,
    SETTINGS,
    STEPS,
    TOOLS,
    Checkout,
    at_a_terminal,
    commands,
)

PARTICLE = "serviceAccount:particle-public@particle-public.iam.gserviceaccount.com"


def test_the_script_is_clean() -> None:
    shellcheck = pathlib.Path(sys.executable).parent / "shellcheck"
    # It follows deploy.sh to the files that it reads in.
    subprocess.run(  # noqa: S603 - fixed argv
        [shellcheck, "-x", "-a", "deploy.sh", HERE / "stand_in.sh"], cwd=ROOT, check=True
    )
    assert os.access(ROOT / "deploy.sh", os.X_OK)


def test_a_dry_run_prints_every_command_and_runs_none(checkout: Checkout) -> None:
    """Also where there is nothing yet: no tool, no setting, no log-in."""
    (checkout.folder / f".env.{PROJECT}").unlink()
    for tool in TOOLS:
        (checkout.bin / tool).unlink()
    done = checkout.run("--dry-run")
    assert done.returncode == 0
    assert done.stdout == (HERE / "dry_run.txt").read_text()
    assert checkout.calls == []
    assert done.stderr.startswith("\nMissing for a real run:\n")
    assert "gcloud" in done.stderr
    assert "PARTICLE_PRODUCT" in done.stderr


def test_a_dry_run_with_everything_there_runs_nothing_either(checkout: Checkout) -> None:
    done = checkout.run("--dry-run")
    assert (done.returncode, done.stderr) == (0, "")
    assert checkout.calls == []
    expected = (HERE / "dry_run.txt").read_text().replace("YOUR_PRODUCT", "12345")
    assert done.stdout == expected


def test_a_run_does_what_a_dry_run_prints_in_that_order(checkout: Checkout) -> None:
    planned = iter(commands(checkout.run("--dry-run", "--yes", *EVERYTHING).stdout))
    done = checkout.deploy(*EVERYTHING)
    assert done.returncode == 0, done.stderr
    for call in checkout.calls:
        assert as_planned(call.argv) in planned, f"{call.line} is not planned, or not at this place"
    assert [call.argv for call in checkout.calls] == commands(done.stdout)


def as_planned(argv: list[str]) -> list[str]:
    """As a dry run shows it, which cannot know what only the project in the cloud holds."""
    known = {
        "1:4711:web:web": "APP_ID",
        "4711": "PROJECT_NUMBER",
        "eventarc-us-central1-ingest-42-sub-7": "SUBSCRIPTION_OF_INGEST",
        "projects/p/notificationChannels/1": "CHANNEL",
    }
    for name, placeholder in known.items():
        argv = [word.replace(name, placeholder) for word in argv]
    return argv


def test_what_a_first_run_leaves(checkout: Checkout) -> None:
    done = checkout.deploy()
    assert done.returncode == 0, done.stderr
    assert checkout.secret("PARTICLE_CLIENT_ID") == [CLIENT_ID]
    assert checkout.secret("PARTICLE_CLIENT_SECRET") == [CLIENT_SECRET]
    [pepper] = checkout.secret("SETUP_CODE_PEPPER")
    assert re.fullmatch(r"[0-9a-f]{64}", pepper)
    assert checkout.held("topics") == ["particle-events", "particle-events-dead"]
    assert len(checkout.held("databases")) == 1
    assert checkout.held("apps") == ["web"]
    assert checkout.held("networks") == [], "only when it is asked for"
    lines = [call.line for call in checkout.calls]
    order = [
        "make --no-print-directory .stamps/tools .stamps/python .stamps/web",
        "npm --prefix web run build",
        "gcloud billing projects describe",
        "gcloud services enable",
        "gcloud projects add-iam-policy-binding",
        "gcloud secrets create PARTICLE_CLIENT_ID",
        f"python -m admin --project {PROJECT} particle check",
        "gcloud firestore databases create",
        "gcloud firestore databases update --database=(default) --enable-pitr",
        "gcloud firestore backups schedules create --database=(default) --recurrence=daily",
        "gcloud pubsub topics create particle-events --message-retention-duration=7d",
        f"firebase deploy --only firestore --project {PROJECT} --non-interactive",
        f"firebase deploy --only functions --project {PROJECT} --non-interactive --force",
        "gcloud functions add-invoker-policy-binding mint_token --member=allUsers",
        "gcloud pubsub subscriptions update eventarc-us-central1-ingest-42-sub-7 --dead-letter-",
        f"firebase hosting:sites:create {PROJECT} --project {PROJECT} --non-interactive",
        f"firebase apps:create WEB web --project {PROJECT} --non-interactive",
        f"python deploy/link_site.py {PROJECT} {PROJECT} 1:4711:web:web",
        f"firebase target:apply hosting web {PROJECT} --project {PROJECT}",
        f"firebase deploy --only hosting:web --project {PROJECT} --non-interactive",
        "gcloud alpha monitoring policies create",
        f"gcloud pubsub topics add-iam-policy-binding particle-events --member={PARTICLE} --role=",
        f"python -m admin --project {PROJECT} particle integrate --topic projects/",
    ]
    places = [next(i for i, line in enumerate(lines) if line.startswith(one)) for one in order]
    assert places == sorted(places)
    build = next(call for call in checkout.calls if call.argv[0] == "npm")
    assert "VITE_FUNCTIONS_REGION='us-central1'" in build.environment
    assert done.stdout.endswith(f"  venv/bin/python -m admin --project {PROJECT} doctor\n")


def test_a_second_run_changes_nothing_that_is_in_place(checkout: Checkout) -> None:
    checkout.deploy(*EVERYTHING)
    first = checkout.project
    done = checkout.run("--yes", *EVERYTHING)
    assert done.returncode == 0, "secrets are not asked for again"
    assert checkout.project == first, "another pepper would void all setup codes"
    assert not [call.line for call in checkout.calls if " create " in call.line]
    assert not [call.line for call in checkout.calls if "versions add" in call.line]
    assert "SETUP_CODE_PEPPER has a value" in done.stdout


def test_a_secret_without_a_value_gets_one(checkout: Checkout) -> None:
    checkout.holds("secrets/SETUP_CODE_PEPPER")
    checkout.holds("secrets/NOT_SETUP_CODE_PEPPER", "x")
    assert checkout.deploy().returncode == 0
    assert len(checkout.secret("SETUP_CODE_PEPPER")) == 1


def test_secrets_stay_in_the_locations_that_the_organisation_allows(checkout: Checkout) -> None:
    with (checkout.folder / f".env.{PROJECT}").open("a") as file:
        file.write("SECRETS_LOCATION=europe-west1,europe-west3\n")
    assert checkout.deploy("--only", "secrets").returncode == 0
    created = [call.line for call in checkout.calls if "secrets create" in call.line]
    assert len(created) == 6
    where = " --replication-policy=user-managed --locations=europe-west1,europe-west3 --data-file=-"
    assert [line for line in created if where not in line] == []


def test_a_pepper_that_is_disabled_is_not_replaced(checkout: Checkout) -> None:
    checkout.deploy()
    before = checkout.secrets
    checkout.holds("state", "DISABLED")
    done = checkout.deploy()
    assert done.returncode == 1
    assert "gcloud secrets versions enable" in done.stderr
    assert checkout.secrets == before


def test_no_secret_is_an_argument_in_an_environment_or_printed(checkout: Checkout) -> None:
    done = checkout.deploy()
    pepper = checkout.secret("SETUP_CODE_PEPPER")[0]
    admin = [call for call in checkout.calls if call.argv[:3] == ["python", "-m", "admin"]]
    assert [f"PARTICLE_ACCESS_TOKEN='{ACCESS_TOKEN}'" in call.environment for call in admin] == [
        True,
        True,
    ], "those that speak to Particle, and no other: see below"
    traced = checkout.folder.parent / "traced"
    traced.mkdir()
    other = Checkout(traced)
    (other.bin / "bash").unlink()
    (other.bin / "bash").write_text(f'#!/bin/sh\nexec {shutil.which("bash")} -x "$@"\n')
    (other.bin / "bash").chmod(0o755)
    trace = other.deploy()
    assert "+ main" in trace.stderr, "the second one is traced"
    for secret in (
        CLIENT_ID,
        CLIENT_SECRET,
        ACCESS_TOKEN,
        pepper,
        other.secret("SETUP_CODE_PEPPER")[0],
    ):
        assert secret not in done.stdout + done.stderr + trace.stdout + trace.stderr
        for call in checkout.calls + other.calls:
            assert secret not in call.line
            assert call.argv[0] == "python" or secret not in call.environment
            if call.given:
                assert call.argv[:2] == ["gcloud", "secrets"]


@pytest.mark.parametrize("tool", [tool for tool in TOOLS if tool not in {"npm", "bq"}])
def test_a_missing_tool_is_named(checkout: Checkout, tool: str) -> None:
    (checkout.bin / tool).unlink()
    done = checkout.deploy()
    assert done.returncode == 1
    missing = [line for line in done.stderr.splitlines() if line.startswith("  - ")]
    assert len(missing) == 1
    assert missing[0].startswith(f"  - {tool}")
    assert re.search("https://|install", missing[0]), "how to get it"
    assert checkout.calls == []


@pytest.mark.parametrize(
    ("version", "good"),
    [
        ("v20.18.3", False),
        ("v20.19.0", True),
        ("v21.7.3", False),
        ("v22.11.0", False),
        ("v22.12.0", True),
        ("v24.0.0", True),
        ("", False),
    ],
)
def test_a_node_that_cannot_build_the_web_app_is_told_before_anything_is_run(
    checkout: Checkout, version: str, *, good: bool
) -> None:
    done = checkout.run("--dry-run", given={"NODE_VERSION": version or " "})
    assert ("node 20.19, 22.12 or newer" in done.stderr) != good


@pytest.mark.parametrize("setting", [line.split("=")[0] for line in SETTINGS.splitlines()[1:]])
def test_a_missing_setting_is_named(checkout: Checkout, setting: str) -> None:
    name = setting.removeprefix("export ").strip()
    lines = [line for line in SETTINGS.splitlines(keepends=True) if not line.startswith(setting)]
    (checkout.folder / f".env.{PROJECT}").write_text("".join(lines))
    done = checkout.deploy()
    assert done.returncode == 1
    assert f"settings in .env.{PROJECT}: {name}. " in done.stderr
    assert checkout.calls == []


def test_everything_missing_is_said_at_once_with_what_mends_it(checkout: Checkout) -> None:
    settings = checkout.folder / f".env.{PROJECT}"
    settings.unlink()
    (checkout.bin / "gcloud").unlink()
    (checkout.bin / "make").unlink()
    done = checkout.run("--region", "europe-west1")
    assert done.returncode == 1
    missing = [line[4:] for line in done.stderr.splitlines() if line.startswith("  - ")]
    assert [line.split()[0].rstrip(",:") for line in missing] == [
        "gcloud",
        "make",
        "settings",
        "somebody",
    ]
    remedy = next(line for line in done.stderr.splitlines() if "printf" in line)
    subprocess.run(  # noqa: S602 - the very command that the operator is told to run
        remedy.replace("YOUR_PRODUCT", "777"), shell=True, cwd=checkout.folder, check=True
    )
    assert "FUNCTIONS_REGION=europe-west1" in settings.read_text()
    mended = checkout.run("--dry-run")
    assert "settings" not in mended.stderr
    assert "--location=europe-west1" in mended.stdout


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("PARTICLE_PRODUCT=my product", "a valid PARTICLE_PRODUCT"),
        ("PARTICLE_API_URL=http://127.0.0.1:8010", "a valid PARTICLE_API_URL"),
        ("PARTICLE_ACCESS_MODE=both", "a valid PARTICLE_ACCESS_MODE"),
        ("EVENT_RETENTION_DAYS=0", "a valid EVENT_RETENTION_DAYS"),
        ("FUNCTIONS_REGION=nam5", "a valid FUNCTIONS_REGION"),
        ('MAIL_FROM="Acme"', "a valid MAIL_FROM"),
        ("MAIL_FROM=no-reply@acme.example", "SITE_URL in"),
        ("SITE_URL=app.acme.example", "a valid SITE_URL"),
        ("PARTICLE_EVENTS=temperature, pump/", "a valid PARTICLE_EVENTS"),
        ("HOSTING_SITE=acme.web.app", "a valid HOSTING_SITE"),
        ("SECRETS_LOCATION=eu", "a valid SECRETS_LOCATION"),
        ("PARTICLE_CLIENT_SECRET=hush", "PARTICLE_CLIENT_SECRET"),
        ("SMTP_URL=smtps://u:hush@mail.example", "SMTP_URL"),
        ("PARTICLE_ACCESS_TOKEN=hush", "PARTICLE_ACCESS_TOKEN"),
    ],
)
def test_a_wrong_setting_is_named(checkout: Checkout, line: str, complaint: str) -> None:
    with (checkout.folder / f".env.{PROJECT}").open("a") as file:
        file.write(line + "\r\n")
    done = checkout.deploy()
    assert done.returncode == 1
    assert complaint in done.stderr
    assert "hush" not in done.stderr
    assert checkout.calls == []


def test_settings_of_all_deployments_count_and_those_of_the_project_go_first(
    checkout: Checkout,
) -> None:
    (checkout.folder / ".env").write_text("FUNCTIONS_REGION=asia-east1\nPARTICLE_PRODUCT=1\n")
    settings = SETTINGS.replace("PARTICLE_PRODUCT=12345\n", "")
    (checkout.folder / f".env.{PROJECT}").write_text(settings)
    done = checkout.run("--dry-run")
    assert done.stderr == ""
    assert "--location=us-central1" in done.stdout


def test_every_setting_that_the_functions_declare_has_a_value() -> None:
    """The Firebase CLI fails for a parameter without a value, or waits for an answer."""
    declared = re.findall(
        r"(?:String|Int|Bool|List)Param\(\s*\"(\w+)\"", (ROOT / "shared/settings.py").read_text()
    )
    given = re.findall(r"^(\w+)=", (ROOT / ".env").read_text(), re.MULTILINE)
    script = (ROOT / "deploy/settings.sh").read_text()
    checked = re.search(r"\nsettings=\((.*?)\n\)", script, re.DOTALL)
    assert checked
    asked_for = re.findall(r"(\w+)=", checked[1])
    assert sorted(asked_for + given) == sorted([*declared, "THREADS"])


def test_what_it_calls_in_this_project_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for argv in commands((HERE / "dry_run.txt").read_text()):
        if argv[0] == "make":
            targets = [word for word in argv[1:] if not word.startswith("-")]
            assert [one for one in targets if f"\n{one}:" in makefile] == targets
        if argv[0] == "npm":
            assert argv[-2:] == ["run", "build"]
    assert "build" in json.loads((ROOT / "web/package.json").read_text())["scripts"]


def test_a_region_that_contradicts_the_settings_stops(checkout: Checkout) -> None:
    done = checkout.deploy("--region=europe-west1")
    assert done.returncode == 1
    assert "one region" in done.stderr
    assert checkout.deploy("--region", "us-central1").returncode == 0


def test_the_database_may_lie_elsewhere(checkout: Checkout) -> None:
    assert checkout.deploy("--database-location", "nam5").returncode == 0
    assert [call.line for call in checkout.calls if "--location=nam5" in call.line]


@pytest.mark.parametrize(
    ("what", "held", "complaint"),
    [
        ("account", [], "gcloud auth login"),
        ("firebase", ["acme-pumps-2"], "projects:addfirebase acme-pumps"),
        ("billing", ["False"], "console.firebase.google.com/project/acme-pumps/usage/details"),
        ("databases", ["(default),DATASTORE_MODE,nam5,STANDARD"], "Datastore mode"),
        ("databases", ["(default),FIRESTORE_NATIVE,nam5,ENTERPRISE"], "needs STANDARD"),
    ],
)
def test_a_project_that_is_not_ready_stops_with_the_remedy(
    checkout: Checkout, what: str, held: list[str], complaint: str
) -> None:
    checkout.holds(what, *held)
    done = checkout.deploy()
    assert done.returncode == 1
    assert complaint in done.stderr
    assert not [call for call in checkout.calls if "deploy" in call.argv]


def test_a_database_of_another_name_is_not_ours(checkout: Checkout) -> None:
    checkout.holds("databases", "analytics,FIRESTORE_NATIVE,nam5")
    assert checkout.deploy().returncode == 0
    assert len(checkout.held("databases")) == 2


def test_with_yes_and_no_secret_in_the_environment_it_stops(checkout: Checkout) -> None:
    done = checkout.run("--yes")
    assert done.returncode == 1
    assert "PARTICLE_CLIENT_ID is needed" in done.stderr
    assert checkout.secrets == {}


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "--project ID is missing"),
        (["--project"], "--project needs a value"),
        (["--project", "--dry-run"], "--project needs a value"),
        (["--project", "Acme"], "no project id"),
        (["--project", "acme;reboot"], "no project id"),
        (["--project=demo-particle"], "make demo"),
        (["--project", PROJECT, "--region", "nam5"], "no region"),
        (["--project", PROJECT, "--force"], "unknown argument: --force"),
        (["--project", PROJECT, "--only", "functions,web app"], "no step: webapp"),
        (["--project", PROJECT, "--only", "rule"], "no step: rule"),
        (["--project", PROJECT, "--alert-email", "ops"], "no e-mail address"),
        (
            ["--project", PROJECT, "--destroy", "--only", "web"],
            "cannot be combined with a choice of steps",
        ),
    ],
)
def test_wrong_usage(checkout: Checkout, arguments: list[str], complaint: str) -> None:
    done = subprocess.run(  # noqa: S603 - fixed argv
        [str(checkout.bin / "bash"), "deploy.sh", *arguments],
        cwd=checkout.folder,
        env=checkout.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert complaint in done.stderr
    assert "usage: ./deploy.sh" in done.stderr


def test_help(checkout: Checkout) -> None:
    done = checkout.run("--help")
    assert done.returncode == 0
    assert all(f"  {flag}" in done.stdout for flag in ("--project", "--dry-run", "--destroy"))
    assert all(f"\n  {step} " in done.stdout for step in STEPS)


def test_at_a_terminal_it_asks_once_and_shows_no_secret(checkout: Checkout) -> None:
    answers = [
        ("as dev@acme.example? [y/N]", "y"),
        ("PARTICLE_CLIENT_ID (not shown):", f" {CLIENT_ID} "),
        ("PARTICLE_CLIENT_SECRET (not shown):", CLIENT_SECRET),
    ]
    status, shown = at_a_terminal(checkout, answers)
    assert status == 0, shown
    assert CLIENT_ID not in shown
    assert CLIENT_SECRET not in shown
    assert checkout.secret("PARTICLE_CLIENT_ID") == [CLIENT_ID]
    assert checkout.secret("PARTICLE_CLIENT_SECRET") == [CLIENT_SECRET]
    deployed = [call.argv for call in checkout.calls if "deploy" in call.argv]
    assert len(deployed) == 4
    assert all("--force" not in argv for argv in deployed), "somebody is there to be asked"
    status, shown = at_a_terminal(checkout, answers[:1])
    assert status == 0, shown


def test_whoever_says_no_changes_nothing(checkout: Checkout) -> None:
    status, shown = at_a_terminal(checkout, [("[y/N]", "")])
    assert status == 1
    assert "Nothing was changed in the project." in shown
    assert not [
        call.line for call in checkout.calls if re.search("enable|create|deploy", call.line)
    ]


MAIL = "smtps://acme%40mail:hush-hush@smtp.example:465"


def test_without_mail_the_secret_exists_all_the_same(checkout: Checkout) -> None:
    """The Firebase CLI refuses to deploy a function whose secret does not exist."""
    assert checkout.deploy(smtp_url=MAIL).returncode == 0
    assert checkout.secret("SMTP_URL") == ["none"]


@pytest.mark.parametrize("before", [False, True])
def test_with_a_sender_the_mail_server_is_needed(checkout: Checkout, *, before: bool) -> None:
    """Also when the product was deployed without mail before; once, and never shown."""
    if before:
        checkout.deploy()
    with (checkout.folder / f".env.{PROJECT}").open("a") as settings:
        settings.write("MAIL_FROM=Acme <no-reply@acme.example>\nSITE_URL=https://acme.example\n")
    done = checkout.deploy("--only", "secrets")
    assert done.returncode == 1
    assert "SMTP_URL is needed" in done.stderr
    for wrong in ("mail.example:hush-hush", "smtp://a:hush-hush@mail.example"):
        done = checkout.deploy("--only", "secrets", smtp_url=wrong)
        assert done.returncode == 1
        assert "SMTP_URL is not of the right form" in done.stderr
        assert "hush" not in done.stdout + done.stderr
    for _ in range(2):
        done = checkout.deploy(smtp_url=MAIL)
        assert done.returncode == 0, done.stderr
        assert checkout.secret("SMTP_URL") == [*(["none"] if before else []), MAIL]
        assert "hush" not in done.stdout + done.stderr
        assert not [call for call in checkout.calls if "hush-" in call.line + call.environment]
