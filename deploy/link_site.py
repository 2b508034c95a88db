"""Links a Hosting site to a web app: only then does the site's configuration name the app.

The Firebase CLI links a site only when it creates it. Reads an access token of the operator on
standard input:

    gcloud auth print-access-token | venv/bin/python deploy/link_site.py PROJECT SITE APP_ID

Source: Firebase Hosting REST reference, `projects.sites.patch`.
"""

import json
import sys
import urllib.error
import urllib.request

API = "https://firebasehosting.googleapis.com/v1beta1"
_SECONDS = 30


def link(project: str, site: str, app_id: str, token: str, api: str = API) -> None:
    """Link it. Raises `SystemExit` with what Google says if it refuses."""
    request = urllib.request.Request(  # noqa: S310 - the address above
        f"{api}/projects/{project}/sites/{site}?updateMask=appId",
        data=json.dumps({"appId": app_id}).encode(),
        method="PATCH",
        headers={
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            # Whom a person's requests are counted for.
            "X-Goog-User-Project": project,
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS):  # noqa: S310
            pass
    except urllib.error.HTTPError as refusal:
        raise SystemExit(f"Google answered {refusal.code}: {_message(refusal.read())}") from None
    except OSError as failure:
        raise SystemExit(f"Google cannot be reached: {failure}") from None


def _message(body: bytes) -> str:
    try:
        return str(json.loads(body)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return "without words"


if __name__ == "__main__":
    _, of_project, named, to_app = sys.argv
    link(of_project, named, to_app, sys.stdin.read().strip())
