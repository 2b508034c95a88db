"""The settings that a deployment's functions run with, for commands that do a function's work."""

import os

from admin.target import Target
from local.configuration import read_settings
from local.runs import ROOT


def use_settings(target: Target) -> None:
    """Put the settings of `.env` and `.env.<project>` into the environment, where they are not set.

    The Firebase CLI gives the functions these values; a command that stores events must keep them
    as long as the functions do.
    """
    settings: dict[str, str] = {}
    for file in (ROOT / ".env", ROOT / f".env.{target.project}"):
        if file.exists():
            settings |= read_settings(file)
    for name, value in settings.items():
        os.environ.setdefault(name, value)
