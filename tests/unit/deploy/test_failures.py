"""A new project in which each step fails in turn, with words such as the real tool's.

The messages about sites, `maxScale` and Eventarc are from the source of the Firebase CLI (15.34)
and its issues. Those of gcloud, bq and Google's services were written from memory: nobody has seen
them here. So only our own words count, which say what has to be done.
"""

from typing import NamedTuple

import pytest

from tests.unit.deploy.checkout import PROJECT, STEPS, Checkout


class Failure(NamedTuple):
    """The first command of a step that matches fails with the message; what must then be said."""

    command: str
    message: str
    said: str


DENIED = "PERMISSION_DENIED: Permission denied on resource project acme-pumps."
NOT_PERMITTED = (
    "FAILED_PRECONDITION: One or more users named in the policy do not belong to a permitted "
    "customer, perhaps due to an organization policy."
)
CREATED = "Failed to create function projects/acme-pumps/locations/us-central1/functions/ingest: "

FAILURES: dict[str, list[Failure]] = {
    "billing": [
        Failure(
            "gcloud billing projects describe *",
            "PERMISSION_DENIED: Cloud Billing API has not been used in project 4711 before or it "
            "is disabled.",
            f"gcloud services enable cloudbilling.googleapis.com --project {PROJECT}",
        )
    ],
    "apis": [
        Failure(
            "gcloud services enable *",
            "FAILED_PRECONDITION: Billing account for project '4711' is not found. Billing must be "
            "enabled for activation of service(s) 'run.googleapis.com' to proceed.",
            "the Blaze plan",
        )
    ],
    "rights": [
        Failure(
            "gcloud projects add-iam-policy-binding *",
            "INVALID_ARGUMENT: Service account 4711-compute@developer.gserviceaccount.com does not "
            "exist.",
            "may take some minutes to exist: run again",
        ),
        Failure("gcloud projects add-iam-policy-binding *", DENIED, "Project IAM Admin"),
    ],
    "secrets": [
        Failure(
            "gcloud secrets create *",
            "FAILED_PRECONDITION: Constraint constraints/gcp.resourceLocations violated for "
            "[orgpolicy:projects/4711] attempting to create a secret in [global].",
            f"into .env.{PROJECT}: SECRETS_LOCATION=us-central1",
        ),
        Failure("gcloud secrets create *", DENIED, "roles/secretmanager.admin"),
    ],
    "particle": [
        Failure(
            "python -m admin *",
            "broken  OAuth client  Particle rejects acme-backend-4711 or its secret",
            "store new versions of the secrets",
        )
    ],
    "database": [
        Failure("gcloud firestore databases create *", DENIED, "roles/datastore.owner"),
    ],
    "backups": [
        Failure("gcloud firestore backups schedules create *", DENIED, "with --no-backups"),
    ],
    "topic": [Failure("gcloud pubsub topics create *", DENIED, "roles/pubsub.admin")],
    "metrics": [Failure("gcloud logging metrics create *", DENIED, "roles/logging.configWriter")],
    "rules": [
        Failure(
            "firebase deploy --only firestore *",
            "Error: Request to https://firestore.googleapis.com/v1/projects/acme-pumps/databases/"
            "(default)/collectionGroups/events/fields/* had HTTP Error: 400, Single-field indexes "
            "are not supported",
            "edition STANDARD",
        )
    ],
    "fixed-ip": [
        Failure(
            "gcloud compute networks vpc-access connectors create *",
            DENIED,
            "Serverless VPC Access Admin",
        )
    ],
    "functions": [
        Failure(
            "firebase deploy --only functions *",
            CREATED + "Quota exceeded for total allowable CPU per project per region.",
            "CpuAllocPerProjectRegion",
        ),
        Failure(
            "firebase deploy --only functions *",
            CREATED + "For the specified value, maxScale may not exceed 10.",
            "maxScale",
        ),
        Failure(
            "firebase deploy --only functions *",
            CREATED + "Permission denied while using the Eventarc Service Agent. If you recently "
            "started to use Eventarc, it may take a few minutes before all necessary permissions "
            "are propagated to the Service Agent.",
            "new accounts and roles take effect: run again",
        ),
    ],
    "public": [
        Failure(
            "gcloud functions add-invoker-policy-binding *",
            NOT_PERMITTED,
            "iam.allowedPolicyMemberDomains",
        )
    ],
    "dead-letters": [
        Failure(
            "gcloud pubsub topics add-iam-policy-binding *",
            "INVALID_ARGUMENT: Service account service-4711@gcp-sa-pubsub.iam.gserviceaccount.com "
            "does not exist.",
            f"services identity create --service=pubsub.googleapis.com --project {PROJECT}",
        ),
    ],
    "web": [
        Failure(
            "firebase hosting:sites:create *",
            "Error: Request to https://firebasehosting.googleapis.com/v1beta1/projects/acme-pumps/"
            "sites?siteId=acme-pumps had HTTP Error: 400, Invalid name: `acme-pumps` is reserved "
            "by another project; try something like `acme-pumps-dd769` instead",
            f"into .env.{PROJECT}: HOSTING_SITE=NAME",
        ),
        Failure(
            "firebase deploy --only hosting:web *",
            "Error: Unable to deploy to Hosting as there is no Hosting site. Use firebase "
            "hosting:sites:create to create a site.",
            "Open Hosting in the Firebase console once",
        ),
    ],
    "bigquery": [
        Failure(
            "bq *mk *",
            "BigQuery error in mk operation: Access Denied: Project acme-pumps: User does not have "
            "bigquery.datasets.create permission in project acme-pumps.",
            "BigQuery Admin",
        ),
        Failure(
            "gcloud pubsub subscriptions create *",
            "INVALID_ARGUMENT: The Pub/Sub service account does not have permission to write to "
            "the BigQuery table.",
            "takes minutes to take effect: run again",
        ),
    ],
    "alerts": [
        Failure(
            "gcloud alpha monitoring policies create *",
            "NOT_FOUND: Cannot find metric that matches type = "
            '"logging.googleapis.com/user/calls_failed". If a metric was created recently, it '
            "could take up to 10 minutes to become available.",
            "--only alerts,publisher,integration",
        )
    ],
    "publisher": [
        Failure(
            "gcloud pubsub topics add-iam-policy-binding *",
            NOT_PERMITTED,
            "iam.allowedPolicyMemberDomains",
        )
    ],
    "integration": [
        Failure(
            "python -m admin *",
            "Particle does not let the OAuth client manage the product's integrations. Set "
            "PARTICLE_ACCESS_TOKEN to a token of a member of the product's team.",
            "--only integration",
        )
    ],
}


def test_each_step_that_fails_says_what_to_do_and_works_when_it_is_run_again(
    checkout: Checkout,
) -> None:
    assert set(FAILURES) == set(STEPS) - {"sign-in"}
    checkout.holds("granted")
    for step in STEPS:
        for command, message, said in FAILURES.get(step, []):
            checkout.holds("fails", command, message)
            done = checkout.deploy("--only", step)
            assert done.returncode == 1, step
            assert message in done.stderr
            ours = done.stderr.partition(message)[2]
            assert said in ours, f"{step}: {message}\n{ours}"
            assert "run the same command again" in ours
        done = checkout.deploy("--only", step)
        assert done.returncode == 0, done.stderr
    done = checkout.deploy("--fixed-ip", "--bigquery")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("steps", [(), ("--only", "sign-in")])
def test_sign_in_that_the_cli_cannot_turn_on_stops_nothing(
    checkout: Checkout, steps: tuple[str, ...]
) -> None:
    message = "Error: Failed to get Identity Platform config: CONFIGURATION_NOT_FOUND"
    checkout.holds("fails", "firebase deploy --only auth *", message)
    done = checkout.deploy(*steps)
    assert (done.returncode, message in done.stderr) == (0, True)
    assert f"console.firebase.google.com/project/{PROJECT}/authentication" in done.stdout
