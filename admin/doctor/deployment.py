"""The deployment under examination, and the ways to what it is made of."""

import functools
import os

import requests

from admin.cli.deployed import use_settings
from admin.cli.environments import settings_file
from admin.cli.errors import CannotRun
from admin.cli.target import FUNCTIONS_EMULATOR_HOST, Target
from admin.doctor.google import Google
from shared import settings
from shared.particle import Credentials, Particle, TokenCache, errors

ACCESS_TOKEN = "PARTICLE_ACCESS_TOKEN"  # noqa: S105 - the name of a variable
"""A token of a member of the product's team or of an API user, for integrations."""


class Deployment:
    """What the checks look at; whatever they ask for is made when it is first asked for."""

    def __init__(self, target: Target) -> None:
        """Take over the deployment's settings; nothing is asked of anybody yet."""
        self.target = target
        self.project = target.project
        self.settings_file = settings_file(target.project)
        self.local = target.local
        os.environ["GCLOUD_PROJECT"] = os.environ["GOOGLE_CLOUD_PROJECT"] = target.project
        use_settings(target)

    @property
    def command(self) -> str:
        """How the operator's command line is called for this deployment."""
        where = "--local" if self.local else f"--project {self.project}"
        return f"venv/bin/python -m admin {where}"

    def deploy(self, steps: str) -> str:
        """The command that mends what these steps of deploy.sh make."""
        if self.local:
            return "start the demo again: make demo"
        return f"./deploy.sh --project {self.project} --only {steps}"

    @property
    def topic(self) -> str:
        """The topic that Particle's integrations publish to."""
        return settings.topic()

    @property
    def particle_url(self) -> str:
        """Where Particle is."""
        return settings.particle().api_url

    @functools.cached_property
    def particle(self) -> Particle:
        """The product at Particle."""
        return Particle(settings.particle().api_url, settings.particle().product)

    @functools.cached_property
    def tokens(self) -> TokenCache:
        """Tokens of the server's OAuth client."""
        setting = settings.particle()
        return TokenCache(self.particle, setting.client_id, setting.client_secret, _OwnAddress())

    @functools.cached_property
    def integrator(self) -> Credentials:
        """Who may manage integrations: the token that was given for it, or else the server."""
        given = os.environ.get(ACCESS_TOKEN, "").strip()
        return GivenToken(given) if given else self.tokens.server

    @functools.cached_property
    def google(self) -> Google:
        """Google Cloud with the operator's log-in, or the demo's emulators."""
        if not self.local:
            return Google.of_operator(self.project)
        return Google(self.project, self.public)

    @functools.cached_property
    def public(self) -> requests.Session:
        """Asks without a log-in, as anybody can."""
        session = requests.Session()
        session.trust_env = not self.local  # else only this machine is meant
        return session

    @property
    def region(self) -> str:
        """Where the functions are."""
        return os.environ.get("FUNCTIONS_REGION") or "us-central1"

    def callable_url(self, name: str) -> str:
        """Where Firebase's SDKs call a function."""
        if self.local:
            host = os.environ[FUNCTIONS_EMULATOR_HOST]
            return f"http://{host}/{self.project}/{self.region}/{name}"
        return f"https://{self.region}-{self.project}.cloudfunctions.net/{name}"

    @property
    def pubsub(self) -> str:
        """Base URL of Pub/Sub's REST API."""
        return self._service("pubsub.googleapis.com", "PUBSUB_EMULATOR_HOST")

    @property
    def firestore(self) -> str:
        """Base URL of Firestore's REST API."""
        return self._service("firestore.googleapis.com", "FIRESTORE_EMULATOR_HOST")

    def _service(self, cloud: str, emulator: str) -> str:
        return f"http://{os.environ[emulator]}" if self.local else f"https://{cloud}"


class GivenToken:
    """A token from the environment; there is no other when it is refused."""

    def __init__(self, value: str) -> None:
        self._value = value

    def token(self) -> str:
        """The token."""
        return self._value

    def renew(self, rejected: str) -> str:  # noqa: ARG002 - the interface's
        """Raises `CannotRun`."""
        raise CannotRun(
            f"Particle does not accept {ACCESS_TOKEN}: take a new one, or unset it and let the "
            "server's OAuth client try"
        )


class _OwnAddress:
    """No budget: limits hold for one address, and the functions come from others."""

    def acquire(self, customer_name: str | None, *, for_app: bool = False) -> None:
        """Two or three requests are all that one run makes."""

    def learn(self, failure: errors.RateLimitedError | errors.ClientRejectedError) -> None:
        """The functions learn it themselves."""
