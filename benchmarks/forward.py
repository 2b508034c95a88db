"""The peer of `invoke_function`: a callable that only forwards a call to Particle.

It verifies the ID token, as the SDK does, and calls Particle's function with one token. It does not
check who owns the device, keeps no record, and calls the device again for a repeated request. It is
in its own file so that the other peers do not import what it needs.
"""

import functools
import os
from typing import Any

import firebase_admin
import requests
from firebase_functions.https_fn import CallableRequest, FunctionsErrorCode, HttpsError, on_call
from requests.adapters import HTTPAdapter

firebase_admin.initialize_app(options={"projectId": os.environ["GCLOUD_PROJECT"]})
_URL = os.environ["PARTICLE_API_URL"]
_PRODUCT = os.environ["PARTICLE_PRODUCT"]
_session = requests.Session()
_session.trust_env = False
_session.mount(_URL, HTTPAdapter(pool_maxsize=40))


@functools.cache
def _token() -> str:
    client = (os.environ["PARTICLE_CLIENT_ID"], os.environ["PARTICLE_CLIENT_SECRET"])
    form = {"grant_type": "client_credentials"}
    answer = _session.post(f"{_URL}/oauth/token", data=form, auth=client, timeout=10)
    answer.raise_for_status()
    return str(answer.json()["access_token"])


@on_call()
def forward(call: CallableRequest[Any]) -> dict[str, Any]:
    """Call a function of a device and answer `{returnValue}`."""
    if call.auth is None:
        raise HttpsError(FunctionsErrorCode.UNAUTHENTICATED, "Sign in.")
    device, function = call.data["deviceId"], call.data["function"]
    answer = _session.post(
        f"{_URL}/v1/products/{_PRODUCT}/devices/{device}/{function}",
        data={"arg": call.data["argument"]},
        headers={"Authorization": f"Bearer {_token()}"},
        timeout=35,
    )
    answer.raise_for_status()
    return {"returnValue": answer.json()["return_value"]}
