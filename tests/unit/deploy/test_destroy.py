"""deploy.sh --destroy: what it takes back, what it leaves, and whom it asks."""

import re

import pytest

import main
from tests.unit.deploy.checkout import (
    ALWAYS,
    EVERYTHING,
    HERE,
    KINDS,
    PROJECT,
    ROOT,
    Checkout,
    at_a_terminal,
)

TYPED = [("Type the id of the project to continue:", PROJECT)]
DATA = {"databases", "apps", "services", "sites", "schedules", "recovery", "target"}


def test_a_dry_run_prints_every_command(checkout: Checkout) -> None:
    done = checkout.run("--destroy", "--dry-run")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (HERE / "dry_run_destroy.txt").read_text()
    assert checkout.calls == []


def test_it_takes_back_everything_but_data(checkout: Checkout) -> None:
    checkout.deploy(*EVERYTHING)
    secrets = checkout.secrets
    status, shown = at_a_terminal(checkout, TYPED, "--destroy")
    assert status == 0, shown
    left = {kind: checkout.held(kind) for kind in set(KINDS) - DATA if checkout.held(kind)}
    assert left == {"functions": ["somebodys_own"], "granted": ["roles/editor"]}
    assert checkout.secrets == secrets
    assert len(checkout.held("databases")) == 1
    lines = [call.line for call in checkout.calls]
    order = [
        f"python -m admin --project {PROJECT} particle disintegrate --yes",
        f"firebase hosting:disable --site {PROJECT} --project {PROJECT} --force",
        f"firebase functions:delete ingest mint_token --region us-central1 --project {PROJECT}",
        "gcloud pubsub topics delete particle-events",
        "gcloud compute networks delete particle-egress",
    ]
    places = [next(i for i, line in enumerate(lines) if line.startswith(one)) for one in order]
    assert places == sorted(places)
    assert not re.search(r"(firestore|secrets|bq) .*(rm|delete)", "\n".join(lines))
    assert "Firestore, with everything of your customers" in shown


def test_a_second_time_there_is_nothing_left_to_take(checkout: Checkout) -> None:
    checkout.deploy(*EVERYTHING)
    at_a_terminal(checkout, TYPED, "--destroy")
    before = checkout.project
    status, shown = at_a_terminal(checkout, TYPED, "--destroy")
    assert status == 0, shown
    assert checkout.project == before
    assert not [call.line for call in checkout.calls if "delete" in call.argv]


def test_what_was_never_made_is_not_asked_for(checkout: Checkout) -> None:
    """The API that lists networks is enabled only where there is a fixed address."""
    checkout.deploy()
    status, shown = at_a_terminal(checkout, TYPED, "--destroy")
    assert status == 0, shown
    assert not [call.line for call in checkout.calls if call.argv[1:2] == ["compute"]]


def test_it_stops_a_part_at_any_failure_and_runs_again_until_it_is_through(
    checkout: Checkout,
) -> None:
    checkout.deploy(*EVERYTHING)
    checkout.deploy("--only", "billing")
    always = [call.line for call in checkout.calls if call.line.startswith(ALWAYS)]
    looking = f"gcloud services list --enabled --project {PROJECT} --format=value(config.name)"
    checkout.lets_each_command_fail_twice(except_for=[*always, looking])
    runs = 0
    while (result := at_a_terminal(checkout, TYPED, "--destroy"))[0] != 0:
        runs += 1
        assert "told to fail" in result[1]
        parts = set(re.findall(r"^Not removed: (.*)\.\r$", result[1], re.MULTILINE))
        [left] = [one for one in result[1].splitlines() if "for the reasons above:" in one]
        assert len(parts) == len(left.partition(":")[2].split()) > 0
    assert runs >= 2 * 10, "twice for each command of the longest part"
    held = {kind: checkout.held(kind) for kind in set(KINDS) - DATA if checkout.held(kind)}
    assert held == {"functions": ["somebodys_own"], "granted": ["roles/editor"]}


def test_what_cannot_be_reached_keeps_nothing_else(checkout: Checkout) -> None:
    """Particle does not answer, or the secrets are gone, and will not be mended."""
    checkout.deploy(*EVERYTHING)
    checkout.holds("refused", "python -m admin *")
    status, shown = at_a_terminal(checkout, TYPED, "--destroy")
    assert status == 1
    assert "Not removed: Disconnect Particle." in shown
    assert "console.particle.io" in shown
    assert "Not removed, for the reasons above: integration\r\n" in shown
    left = {kind: checkout.held(kind) for kind in set(KINDS) - DATA if checkout.held(kind)}
    assert left == {"functions": ["somebodys_own"], "granted": ["roles/editor"]}


@pytest.mark.parametrize("stopped_after", ["billing", "billing,apis,rights"])
def test_a_deployment_that_stopped_early_can_be_taken_back(
    checkout: Checkout, stopped_after: str
) -> None:
    """There are no secrets, so the operator's commands fail; there is no site, or no API at all."""
    checkout.deploy("--only", stopped_after)
    if stopped_after == "billing":
        apis = ("firebase hosting:*", "gcloud functions *", "gcloud pubsub *", "gcloud secrets *")
        checkout.holds("refused", *apis, "gcloud a* monitoring *", "gcloud logging *", "python *")
        status, shown = at_a_terminal(checkout, TYPED, "--destroy")
        assert status == 0, shown
    else:
        checkout.holds("refused", "python *")
        status, shown = at_a_terminal(checkout, TYPED, "--destroy")
        assert "for the reasons above: integration\r\n" in shown
    assert checkout.held("granted") == ["roles/editor"]
    assert not [call.line for call in checkout.calls if "hosting:disable" in call.line]


def test_another_id_changes_nothing(checkout: Checkout) -> None:
    checkout.deploy()
    before = checkout.project
    for answer in ("", "y", "acme-pump"):
        status, shown = at_a_terminal(checkout, [(TYPED[0][0], answer)], "--destroy", "--yes")
        assert status == 1
        assert "Nothing was changed in the project." in shown
        assert checkout.project == before


def test_without_a_terminal_it_refuses(checkout: Checkout) -> None:
    done = checkout.run("--destroy", "--yes")
    assert done.returncode == 1
    assert "--destroy needs a terminal" in done.stderr
    assert checkout.calls == []


def test_it_deletes_exactly_the_functions_of_this_source(checkout: Checkout) -> None:
    (checkout.folder / "main.py").write_text((ROOT / "main.py").read_text())
    done = checkout.run("--destroy", "--dry-run")
    [line] = [line for line in done.stdout.splitlines() if "functions:delete" in line]
    assert line.split("functions:delete ")[1].split(" --")[0].split() == list(main.FUNCTIONS)
