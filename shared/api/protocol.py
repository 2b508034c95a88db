"""The callable protocol: what a client's SDK puts on the wire, and what anybody else may.

    POST, Content-Type: application/json, Authorization: Bearer <ID token>
    {"data": …}

The SDK's own `on_call` is not used for it: it answers some bodies with a 500, does not know the
forms in which client SDKs write integers, logs what is wrong with a token together with the token,
and logs errors that any caller can cause, although alarms count errors.

Integers (sources: `encodeNumber` of firebase-ios-sdk's FunctionsSerializer.swift, `encode` of
firebase-android-sdk's Serializer.kt and of firebase-cpp-sdk's desktop/serialization.cc, flutterfire
issue 17587): a 64-bit one is sent as an object,

    {"@type": "type.googleapis.com/google.protobuf.Int64Value", "value": "3600"}

by Swift's `Int`, Kotlin's `Long`, every integer of C++ and Unity and of Flutter on iOS; an unsigned
one with `UInt64Value` likewise. JavaScript's `undefined` is sent as `null`.
"""

import json
import re
from typing import Any

from firebase_admin import app_check, auth
from flask import Request

from shared import connections
from shared.errors import BadRequest, SignInRequired, TryAgain

MAX_BYTES = 32_768
"""The largest request body: many times what any function needs."""
MAX_DEPTH = 8
"""Objects and lists within each other; no request needs more than three."""

_TOKEN = re.compile(r"Bearer ([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*)")
_WHOLE = re.compile(r"-?[0-9]{1,20}")
_WRAPPERS = {
    "type.googleapis.com/google.protobuf.Int64Value": range(-(2**63), 2**63),
    "type.googleapis.com/google.protobuf.UInt64Value": range(2**64),
}
_JSON_TYPE = "application/json"


_HTTP_STATUS = {
    "invalid-argument": 400,
    "failed-precondition": 400,
    "unauthenticated": 401,
    "permission-denied": 403,
    "not-found": 404,
    "already-exists": 409,
    "aborted": 409,
    "resource-exhausted": 429,
    "internal": 500,
    "unavailable": 503,
    "deadline-exceeded": 504,
}
"""By the protocol's codes; source: google/rpc/code.proto."""


class CallFailedError(Exception):
    """A failure as the protocol answers it."""

    def __init__(self, code: str, message: str, details: dict[str, Any]) -> None:
        """With a code such as `not-found`, and details that can be written as JSON."""
        super().__init__(message)
        self.http_status = _HTTP_STATUS[code]
        status = code.upper().replace("-", "_")
        self.body = {"status": status, "message": message, "details": details}


class TokenRefusedError(Exception):
    """Why an ID token was refused; never with a part of it."""


def data_in(request: Request) -> Any:
    """The data of a call, with every integer as one.

    Raises `BadRequest` for anything that is not a call, and for what is in no call: numbers that
    are none, texts that are not Unicode, integers beyond 64 bits, ever deeper objects.
    """
    content_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if request.method != "POST" or content_type != _JSON_TYPE:
        raise BadRequest("Send a POST with Content-Type: application/json.", field="data")
    if (request.content_length or 0) > MAX_BYTES or len(request.get_data()) > MAX_BYTES:
        raise BadRequest(f"The request has more than {MAX_BYTES} bytes.", field="data")
    try:
        body = json.loads(request.get_data(), parse_constant=_refuse)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict) or set(body) != {"data"}:
        raise BadRequest('The body must be JSON: {"data": …}.', field="data")
    data = body["data"]
    if not isinstance(data, dict) or "@type" in data:
        return _read(data, "data")
    return {_read(key, "data"): _read(value, key) for key, value in data.items()}


def _refuse(constant: str) -> Any:
    """For `NaN` and `Infinity`, which Python would read although they are not JSON."""
    raise ValueError(constant)


def _read(value: Any, field: str) -> Any:
    try:
        return _plain(value, MAX_DEPTH)
    except ValueError as failure:
        raise BadRequest(f"{failure}.", field=field) from None


def _plain(value: Any, depth: int) -> Any:
    """A value without the protocol's wrappers. Raises `ValueError`, which never quotes it."""
    if depth == 0:
        raise ValueError("This has objects or lists that are nested too deeply")
    if isinstance(value, dict):
        if "@type" in value:
            return _integer(value)
        return {_text(key): _plain(item, depth - 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, depth - 1) for item in value]
    if isinstance(value, str):
        return _text(value)
    return _number(value) if isinstance(value, int | float) else value


def _text(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        # Half of a surrogate pair: JSON can hold it, Firestore and Particle cannot.
        raise ValueError("This is not valid Unicode text") from None
    return text


def _number(number: float) -> float:
    """A number, and a whole one as an integer, however it was written; a boolean as it is."""
    if not -(2**63) <= number < 2**64:
        raise ValueError("This number is too large")
    return int(number) if isinstance(number, float) and number.is_integer() else number


def _integer(wrapper: dict[str, Any]) -> int:
    kind, value = wrapper["@type"], wrapper.get("value")
    allowed = _WRAPPERS.get(kind) if isinstance(kind, str) else None
    if allowed is None or set(wrapper) != {"@type", "value"}:
        raise ValueError("Expected an Int64Value or UInt64Value")
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or value not in allowed:
        raise ValueError("Expected the digits of a 64-bit integer")
    return value


CLOCK_SKEW = 10
"""Seconds by which the clocks of Google's servers may differ: a token that is used in the second in
which it was made must not be refused as one from the future."""


def claims_in(request: Request) -> dict[str, Any]:
    """The claims of the caller's ID token, verified.

    Raises `SignInRequired` for no token, several, or one that is not valid, and `TryAgain` when
    Google's keys cannot be fetched.
    """
    found = _TOKEN.fullmatch(request.headers.get("Authorization", ""))
    if found is None:
        raise SignInRequired
    app = connections.firebase()
    try:
        claims: dict[str, Any] = auth.verify_id_token(
            found[1], app=app, clock_skew_seconds=CLOCK_SKEW
        )
    except auth.CertificateFetchError as failure:
        raise TryAgain from failure
    # The libraries raise whatever comes out of a token that anybody can make (a TypeError for a key
    # id that is a list, for example), and quote it in their messages: neither is logged.
    except Exception as failure:  # noqa: BLE001
        raise SignInRequired from TokenRefusedError(type(failure).__name__)
    return claims


def is_from_an_app(request: Request) -> bool:
    """Whether the request carries a valid App Check token."""
    token = request.headers.get("X-Firebase-AppCheck")
    app = connections.firebase()
    if token is None:
        return False
    try:
        app_check.verify_token(token, app)
    except Exception:  # noqa: BLE001 - as for ID tokens: anything may be raised, and quote the token
        return False
    return True
