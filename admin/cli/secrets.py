"""Particle's credentials, for commands."""

import os

from admin.cli.target import Target

SECRETS = ("PARTICLE_CLIENT_ID", "PARTICLE_CLIENT_SECRET")


def use_secrets(target: Target) -> None:
    """Put the credentials into the environment, where they are not set.

    Raises:
        CannotRun: one cannot be had.
    """
    for name in SECRETS:
        if not os.environ.get(name):
            os.environ[name] = target.secret(name)
