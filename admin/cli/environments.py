"""The projects that this checkout knows: aliases in `.firebaserc`, and files of settings.

The rules are those of deploy.sh: `.env.<project id>`, or `.env.<alias>`, which the Firebase CLI
reads when it is given the alias. It refuses to run when both exist.
"""

import json

from admin.cli.errors import CannotRun
from local.runs import ROOT


def project_named(name: str) -> str:
    """The project id for an alias; any other name is returned as it is."""
    return _aliases().get(name, name)


def settings_file(project: str) -> str:
    """The name of the project's file of settings, whether or not it exists.

    Raises:
        CannotRun: there are several.
    """
    names = [project, *(alias for alias, one in _aliases().items() if one == project)]
    present = [file for name in names if (ROOT / (file := f".env.{name}")).exists()]
    if len(present) > 1:
        raise CannotRun(f"{project} has several files of settings, {', '.join(present)}: keep one")
    return present[0] if present else f".env.{project}"


def _aliases() -> dict[str, str]:
    try:
        written = json.loads((ROOT / ".firebaserc").read_text())
        aliases: dict[str, str] = written.get("projects", {})
    except FileNotFoundError:
        return {}
    except (ValueError, AttributeError) as error:
        raise CannotRun(f".firebaserc cannot be read: {error!r}") from error
    return aliases
