"""What all callables share: identity, input, failures and their answers.

    @callable_function(Request, secrets=settings.PARTICLE_SECRETS)
    def claim_device(caller: Caller, request: Request) -> dict[str, Any]: ...

A function gets a caller who is signed in for good and a request of the right shape. One that
changes something runs only while the sign-in still holds (`shared/accounts/session.py`). Every
failure leaves as `{code, message, details: {reason, errorId, …}}`.
"""

import contextlib
import functools
import json
import secrets as random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar, cast

import msgspec
from firebase_admin import exceptions as firebase_errors
from firebase_functions.https_fn import CallableRequest, FunctionsErrorCode, HttpsError, on_call
from firebase_functions.options import CorsOptions
from firebase_functions.params import SecretParam
from flask import Request, Response
from flask_cors import cross_origin
from google.auth.exceptions import TransportError

from shared import connections, log, settings
from shared.accounts.session import Session
from shared.customers import shadow
from shared.errors import (
    AnonymousUser,
    AppCheckRequired,
    BadRequest,
    CustomerNotReady,
    EmailUnverified,
    ParticleRateLimited,
    ParticleUnavailable,
    ProductError,
    SignInRequired,
    TryAgain,
)
from shared.firestore import deadline
from shared.firestore.deadline import TRANSIENT
from shared.limits.rate import Quota
from shared.particle import errors

MAX_BYTES = 32_768
"""Bytes of a request's body: many times the longest that any function takes."""

OVERLOADED = (
    *TRANSIENT,
    TransportError,
    firebase_errors.DeadlineExceededError,
    firebase_errors.InternalError,
    firebase_errors.ResourceExhaustedError,
    firebase_errors.UnavailableError,
)
"""What Firestore and Auth raise when they cannot be reached, or cannot do it now."""

View = Callable[[Request], Response]


@dataclass(frozen=True)
class Caller:
    """Who is calling, by a verified ID token."""

    uid: str
    signed_in_at: datetime
    """When the person gave their password, or whatever they sign in with."""


_Short = Annotated[str, msgspec.Meta(min_length=1, max_length=50)]


class App(msgspec.Struct, rename="camel", forbid_unknown_fields=True, frozen=True):
    """What the customer calls with."""

    name: _Short
    version: _Short

    def as_dict(self) -> dict[str, str]:
        """As it is stored."""
        return {"name": self.name, "version": self.version}


class Input(msgspec.Struct, rename="camel", forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Base of all requests. A field that does not exist is refused: it may be a misspelt one."""

    app: App | None = None
    """Noted with the first call of a sign-in."""


R = TypeVar("R", bound=Input)

DeviceId = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{24}\Z")]
"""A Particle device id, as `users/{uid}/devices` has it."""

Name = Annotated[
    str,
    msgspec.Meta(pattern=r"^(?!(?i:events|owner|ping|unprotect)\Z)[A-Za-z0-9_]{1,64}\Z"),
]
"""A function's or variable's name: it becomes a part of a Particle route, so other routes' names
are refused (Cloud API reference, "Devices" and "Events")."""

LabelText = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
"""A serial number or setup code as somebody types it."""

DeviceName = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
"""The owner's name for a device."""


def iso(time: datetime) -> str:
    """A time as responses hold it: ISO 8601 in UTC, with milliseconds and `Z`."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def callable_function(
    input_type: type[R],
    *,
    secrets: list[SecretParam] | None = None,
    changes: bool = True,
) -> Callable[[Callable[[Caller, R], dict[str, Any]]], View]:
    """Export a function as a Firebase callable that takes `input_type` as its data.

    Before one that `changes` something runs, Auth is asked whether the sign-in still holds.
    """
    quota = Quota(settings.calls_per_minute)

    def decorate(function: Callable[[Caller, R], dict[str, Any]]) -> View:
        def serve(call: CallableRequest[Any]) -> dict[str, Any]:
            _check_app(call)
            session = _session(call)
            quota.take(session.uid)
            request = _input(call.data, input_type)
            if changes:
                session.require_live()
            session.note(request.app.as_dict() if request.app else None)
            signed_in_at = datetime.fromtimestamp(session.claims["auth_time"], UTC)
            return function(Caller(session.uid, signed_in_at), request)

        @functools.wraps(function)
        def handler(call: CallableRequest[Any]) -> dict[str, Any]:
            with deadline.within(settings.CALLABLE_TIMEOUT, deadline.PERSON):
                return _told(function.__name__, call, serve)

        # The SDK types what it returns like what it takes; it is a view.
        exported = cast(
            "View",
            on_call(secrets=secrets, cors=_cors(), **settings.callable_options(function.__name__))(
                handler
            ),
        )

        @cross_origin(methods="POST", origins=_cors().cors_origins or "*")
        def refused(failure: BadRequest) -> Response:
            answer = {"error": _refusal(function.__name__, None, failure)._as_dict()}  # noqa: SLF001 - the SDK's own form
            return Response(json.dumps(answer), status=400, mimetype="application/json")

        @functools.wraps(exported)
        def view(request: Request) -> Response:
            connections.firebase()
            if request.method == "POST":
                try:
                    _check_body(request)
                except BadRequest as failure:
                    return refused(failure)
            return _with_reason(function.__name__, exported(request))

        return view

    return decorate


def _told(
    name: str,
    call: CallableRequest[Any],
    serve: Callable[[CallableRequest[Any]], dict[str, Any]],
) -> dict[str, Any]:
    """The function's answer, or its failure as the callable protocol tells it."""
    uid = call.auth.uid if call.auth else None
    try:
        return serve(call)
    except (ProductError, errors.ParticleError) as failure:
        if uid is not None and isinstance(failure, errors.NoSuchCustomerError):
            with contextlib.suppress(CustomerNotReady, *OVERLOADED):
                shadow.lost(uid)
        raise _refusal(name, uid, _as_product_error(failure)) from failure
    except OVERLOADED as failure:
        error_id = _new_error_id()
        log.call_interrupted(name, uid, error_id, failure)
        raise _https_error(TryAgain(), error_id) from failure
    except Exception as failure:  # the boundary: logged in full, told as an errorId
        error_id = _new_error_id()
        log.call_failed(name, uid, error_id, failure)
        raise HttpsError(
            FunctionsErrorCode.INTERNAL,
            "Something went wrong on our side.",
            {"reason": "internal", "errorId": error_id},
        ) from failure


def _cors() -> CorsOptions:
    """Which web pages may call. Read when the function is imported: the SDK takes it then."""
    origins: list[str] = settings.allowed_origins()
    return CorsOptions(cors_origins="*" if origins == ["*"] else origins, cors_methods=["post"])


def _check_app(call: CallableRequest[Any]) -> None:
    # The SDK has verified the token if there is one, and says nothing of a wrong one by itself.
    if settings.require_app_check() and call.app is None:
        raise AppCheckRequired


def _check_body(request: Request) -> None:
    """Raise `BadRequest` for what the SDK would answer a 500 to, or parse however long it is."""
    if (request.content_length or 0) > MAX_BYTES or len(request.get_data()) > MAX_BYTES:
        raise BadRequest(f"The request has more than {MAX_BYTES} bytes.", field="data")
    try:
        body = json.loads(request.get_data())
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict) or set(body) != {"data"}:
        raise BadRequest('The body must be JSON: {"data": …}.', field="data")


def _session(call: CallableRequest[Any]) -> Session:
    if call.auth is None or not call.auth.uid:
        raise SignInRequired
    provider = call.auth.token.get("firebase", {}).get("sign_in_provider")
    if provider == "anonymous":
        raise AnonymousUser
    if settings.require_verified_email() and call.auth.token.get("email_verified") is not True:
        raise EmailUnverified
    return Session(call.auth.uid, call.auth.token)


def _input(data: Any, input_type: type[R]) -> R:
    for field, value in data.items() if isinstance(data, dict) else ():
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            # Half of a pair: JSON can hold it, and Firestore and Particle cannot.
            raise BadRequest("This is no Unicode text.", field=field) from None
    try:
        return msgspec.convert({} if data is None else data, input_type)
    except msgspec.ValidationError as failure:
        raise BadRequest(f"{failure}.", field=_field_in(str(failure))) from None


def _field_in(message: str) -> str | None:
    """The field that msgspec's message is about: `… at `$.name`` or `… field `name``."""
    if " - at `$." in message:
        return message.rpartition("`$.")[2].rstrip("`")
    if " field `" in message:
        return message.rpartition(" field `")[2].partition("`")[0]
    return None


def _as_product_error(failure: ProductError | errors.ParticleError) -> ProductError:
    """Failures of Particle in calls that are safe to repeat; the others have their reason."""
    if isinstance(failure, ProductError):
        return failure
    if isinstance(failure, errors.RateLimitedError):
        return ParticleRateLimited(retryAfter=round(failure.retry_after))
    if isinstance(failure, errors.NoSuchCustomerError):
        return CustomerNotReady()
    return ParticleUnavailable()


def _refusal(function: str, uid: str | None, failure: ProductError) -> HttpsError:
    error_id = _new_error_id()
    log.call_refused(function, uid, failure, error_id)
    return _https_error(failure, error_id)


def _https_error(failure: ProductError, error_id: str) -> HttpsError:
    details = {"reason": failure.reason, "errorId": error_id, **failure.details}
    return HttpsError(FunctionsErrorCode(failure.code), str(failure), details)


def _new_error_id() -> str:
    return random.token_hex(6)


def _with_reason(function: str, response: Response) -> Response:
    """Give the SDK's own refusals, which come before our code, a reason too."""
    if response.status_code < 400:  # noqa: PLR2004 - HTTP's classes
        return response
    error = (response.get_json(silent=True) or {}).get("error", {})
    if "details" in error:
        return response
    failure: ProductError
    if error.get("status") == "UNAUTHENTICATED":
        failure = SignInRequired()
    elif error.get("status") == "INVALID_ARGUMENT":
        failure = BadRequest("Send a POST with Content-Type: application/json.", field="data")
    else:
        return response
    refusal = _refusal(function, None, failure)
    response.set_data(json.dumps({"error": refusal._as_dict()}))  # noqa: SLF001 - the SDK's own form
    return response
