"""What deploy.sh has to know of the project's web app and Hosting site.

Reads what the Firebase CLI prints with `--json` on standard input:

    firebase apps:list WEB --json | python3.11 deploy/site.py app
    firebase hosting:sites:list --json | python3.11 deploy/site.py site [NAME]

`app` prints the id of the web app: the one called `web`, or else the first. `site` prints name,
address and linked app of the site, one a line: the one with the name, or else the default site, or
the first. Both print nothing where there is none. Uses the standard library alone.
"""

import json
import sys
from typing import Any


def app(apps: list[dict[str, Any]]) -> str:
    """The id of the web app, or nothing."""
    ours = sorted(apps, key=lambda one: one.get("displayName") != "web")
    return next((str(one["appId"]) for one in ours), "")


def site(sites: list[dict[str, Any]], name: str = "") -> str:
    """Name, address and linked app of the site, or nothing."""
    wanted = [one for one in sites if not name or _name(one) == name]
    for one in sorted(wanted, key=lambda one: one.get("type") != "DEFAULT_SITE"):
        return "\n".join((_name(one), str(one["defaultUrl"]), str(one.get("appId", ""))))
    return ""


def _name(one: dict[str, Any]) -> str:
    return str(one["name"]).rpartition("/")[2]


if __name__ == "__main__":
    result = json.load(sys.stdin)["result"]
    sys.stdout.write(app(result) if sys.argv[1] == "app" else site(result["sites"], *sys.argv[2:]))
