"""The settings that a deployment's functions run with, for commands that do a function's work."""

import os

from admin.cli.environments import settings_file
from admin.cli.errors import CannotRun
from admin.cli.target import Target
from local.configuration import read_settings
from local.errors import StackError
from local.runs import ROOT


def use_settings(target: Target) -> None:
    """Put the settings of `.env` and the project's file into the environment, where there are none.

    The Firebase CLI gives the functions these values; a command that stores events must keep them
    as long as the functions do. Raises `CannotRun`.
    """
    for name, value in settings_of(target.project).items():
        os.environ.setdefault(name, value)


def settings_of(project: str) -> dict[str, str]:
    """What `.env` and the project's own file say.

    Raises:
        CannotRun: a line of them is neither a comment nor a setting.
    """
    settings: dict[str, str] = {}
    for name in (".env", settings_file(project)):
        try:
            settings |= read_settings(ROOT / name)
        except StackError as error:
            raise CannotRun(str(error)) from error
    return settings
