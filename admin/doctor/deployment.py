"""The deployment under examination, and the clients of its parts."""

import functools
import os

import requests

from admin.cli.deployed import use_settings
from admin.cli.environments import settings_file
from admin.cli.errors import CannotRun
from admin.cli.google import Google
from admin.cli.target import FUNCTIONS_EMULATOR_HOST, Target
from admin.particle.integrations import named
from shared import settings
from shared.particle import Credentials, Particle, Share, TokenCache, errors

ACCESS_TOKEN = "PARTICLE_ACCESS_TOKEN"  # noqa: S105 - the name of a variable
"""A token of a member of the product's team or of an API user, for integrations."""

EVENTS = "PARTICLE_EVENTS"
"""A setting of the deployment: prefixes of event names, for Particle's integrations."""


class Deployment:
    """What the checks examine; each client is created when it is first used."""

    def __init__(self, target: Target) -> None:
        """Load the deployment's settings; sends no request."""
        self.target = target
        self.project = target.project
        self.settings_file = settings_file(target.project)
        self.local = target.local
        os.environ["GCLOUD_PROJECT"] = os.environ["GOOGLE_CLOUD_PROJECT"] = target.project
        use_settings(target)

    @property
    def command(self) -> str:
        """The command line for this deployment, to be followed by a command."""
        where = "--local" if self.local else f"--project {self.project}"
        return f"venv/bin/python -m admin {where}"

    def deploy(self, steps: str) -> str:
        """The command that repeats these steps of deploy.sh."""
        if self.local:
            return "restart the demo: make demo"
        return f"./deploy.sh --project {self.project} --only {steps}"

    def logs(self, function: str, level: str = "error") -> str:
        """The command that shows a function's log, or where the demo's logs are."""
        if self.local:
            return "see the logs of the emulators in .local/"
        return (
            f"gcloud functions logs read {function} --gen2 --min-log-level={level} "
            f"--project {self.project}"
        )

    @property
    def topic(self) -> str:
        """The topic that Particle's integrations publish to."""
        return settings.topic()

    @property
    def event_prefixes(self) -> list[str]:
        """How the names of the devices' events begin, by the setting; empty for all events."""
        return named(os.environ.get(EVENTS, ""))

    def name_events(self, prefixes: str = "PREFIX,PREFIX") -> str:
        """How to forward events by the beginnings of their names."""
        if self.local:
            return f"{self.command} particle integrate --event {prefixes.replace(',', ' --event ')}"
        return (
            f"write {EVENTS}={prefixes} into {self.settings_file}, then "
            f"{self.deploy('integration')}"
        )

    @property
    def particle_url(self) -> str:
        """The address of Particle's API."""
        return settings.particle().api_url

    @functools.cached_property
    def particle(self) -> Particle:
        """A client of the product at Particle."""
        return Particle(settings.particle().api_url, settings.particle().product)

    @functools.cached_property
    def tokens(self) -> TokenCache:
        """Tokens of the server's OAuth client."""
        setting = settings.particle()
        return TokenCache(self.particle, setting.client_id, setting.client_secret, _OwnAddress())

    @functools.cached_property
    def integrator(self) -> Credentials:
        """Who may manage integrations: the token in the environment, or else the server."""
        given = os.environ.get(ACCESS_TOKEN, "").strip()
        return GivenToken(given) if given else self.tokens.server

    @functools.cached_property
    def google(self) -> Google:
        """A client of Google Cloud with the operator's log-in, or of the demo's emulators."""
        if not self.local:
            return Google.of_operator(self.project)
        return Google(self.project, self.public)

    @functools.cached_property
    def public(self) -> requests.Session:
        """A session without a log-in."""
        session = requests.Session()
        session.trust_env = not self.local  # a proxy could not reach the demo
        return session

    @property
    def region(self) -> str:
        """The region of the functions."""
        return os.environ.get("FUNCTIONS_REGION") or "us-central1"

    def callable_url(self, name: str) -> str:
        """The address at which Firebase's SDKs call a function."""
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
    """The token from the environment; it cannot be renewed."""

    def __init__(self, value: str) -> None:
        self._value = value

    def token(self) -> str:
        """The token."""
        return self._value

    def renew(self, rejected: str) -> str:  # noqa: ARG002 - the interface's
        """Raises `CannotRun`."""
        raise CannotRun(
            f"Particle does not accept {ACCESS_TOKEN}: use a new one, or unset it to use the "
            "server's OAuth client"
        )


class _OwnAddress:
    """No budget: Particle limits requests per address, and the functions have other addresses."""

    def acquire(self, share: Share) -> None:
        """Allow it: one run makes two or three requests."""

    def learn(
        self, share: Share, failure: errors.RateLimitedError | errors.ClientRejectedError
    ) -> None:
        """Ignore it: the functions learn it themselves."""
