"""Empties a running stack, which is faster between tests than starting a new one."""

from typing import Final

import requests

from local.stack import Stack

_TIMEOUT: Final = 30.0


def reset(stack: Stack) -> None:
    """Delete all documents and users, and reset the simulator.

    Raises:
        requests.HTTPError: a service refused.
    """
    database = f"projects/{stack.project_id}/databases/(default)"
    for method, url in (
        # The simulator comes first, so that no device publishes into the emptied database.
        ("POST", f"{stack.simulator_url}/control/reset"),
        ("DELETE", f"{stack.auth_url}/emulator/v1/projects/{stack.project_id}/accounts"),
        ("DELETE", f"http://{stack.firestore_host}/emulator/v1/{database}/documents"),
    ):
        requests.request(method, url, timeout=_TIMEOUT).raise_for_status()
