"""The settings and secrets of a deployment's functions, for commands that do a function's work."""

import os

from admin.cli.environments import settings_file
from admin.cli.errors import CannotRun
from admin.cli.target import Target
from local.configuration import read_settings
from local.errors import StackError
from local.runs import ROOT

SECRETS = ("PARTICLE_CLIENT_ID", "PARTICLE_CLIENT_SECRET")


def use_settings(target: Target) -> None:
    """Add the settings of `.env` and of the project's own file to the environment.

    The Firebase CLI gives the functions these values, and a command that stores events must keep
    them as long as the functions do. What the environment has already takes precedence. Raises
    `CannotRun`.
    """
    for name, value in settings_of(target.project).items():
        os.environ.setdefault(name, value)


def settings_of(project: str) -> dict[str, str]:
    """The settings in `.env` and in the project's own file.

    Raises:
        CannotRun: a line is neither a comment nor a setting.
    """
    settings: dict[str, str] = {}
    for name in (".env", settings_file(project)):
        try:
            settings |= read_settings(ROOT / name)
        except StackError as error:
            raise CannotRun(str(error)) from error
    return settings


def use_secrets(target: Target) -> None:
    """Add Particle's credentials to the environment; those that are set there take precedence.

    Raises:
        CannotRun: one cannot be read.
    """
    for name in SECRETS:
        if not os.environ.get(name):
            os.environ[name] = target.secret(name)
