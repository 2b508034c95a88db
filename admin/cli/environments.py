"""The environments of this checkout: projects, aliases in `.firebaserc`, files of settings.

As deploy.sh has it: `.env.<project id>`, or `.env.<alias>`, which the Firebase CLI reads when it is
called by the alias; it refuses to run when there are both.
"""

import json

from admin.cli.errors import CannotRun
from local.runs import ROOT


def project_named(name: str) -> str:
    """The id of the project that an alias stands for; what is no alias is an id."""
    return _aliases().get(name, name)


def settings_file(project: str) -> str:
    """Name of the file of a project's settings, whether or not it is there.

    Raises:
        CannotRun: there are several.
    """
    names = [project, *(alias for alias, one in _aliases().items() if one == project)]
    there = [file for name in names if (ROOT / (file := f".env.{name}")).exists()]
    if len(there) > 1:
        raise CannotRun(f"{project} has several files of settings, {', '.join(there)}: keep one")
    return there[0] if there else f".env.{project}"


def _aliases() -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads((ROOT / ".firebaserc").read_text())["projects"]
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError) as error:
        raise CannotRun(f".firebaserc cannot be read: {error!r}") from error
    return found
