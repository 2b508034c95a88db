"""The decorator of all callables: it checks caller and request, and answers failures.

    @callable_function(Request, secrets=settings.PARTICLE_SECRETS)
    def claim_device(caller: Caller, request: Request) -> dict[str, Any]: ...

A function gets a caller who is signed in, not anonymously, and a request of the right shape. One
that changes something runs only while the sign-in still holds (`shared/accounts/session.py`). Every
failure is answered as `{code, message, details: {reason, errorId, …}}`.
"""

import contextlib
import functools
import json
import secrets as random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

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
from shared.api.requests import Caller, Input
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
from shared.limits.rate import RateLimit
from shared.particle import errors

MAX_BYTES = 32_768
"""The largest request body: many times what any function needs."""

OVERLOADED = (
    *TRANSIENT,
    TransportError,
    firebase_errors.DeadlineExceededError,
    firebase_errors.InternalError,
    firebase_errors.ResourceExhaustedError,
    firebase_errors.UnavailableError,
)
"""What Firestore and Auth raise when they cannot be reached, or cannot serve the request now."""

View = Callable[[Request], Response]


R = TypeVar("R", bound=Input)


def callable_function(
    input_type: type[R],
    *,
    secrets: list[SecretParam] | None = None,
    changes: bool = True,
) -> Callable[[Callable[[Caller, R], dict[str, Any]]], View]:
    """Export a function as a Firebase callable that takes `input_type` as its data.

    If it `changes` something, Auth is asked first whether the sign-in still holds.
    """
    rate = RateLimit(settings.calls_per_minute)

    def decorate(function: Callable[[Caller, R], dict[str, Any]]) -> View:
        def serve(call: CallableRequest[Any]) -> dict[str, Any]:
            _check_app(call)
            session = _session(call)
            rate.acquire(session.uid)
            request = _input(call.data, input_type)
            if changes:
                session.require_live()
            session.note(request.app.as_dict() if request.app else None)
            signed_in_at = datetime.fromtimestamp(session.claims["auth_time"], UTC)
            return function(Caller(session.uid, signed_in_at), request)

        @functools.wraps(function)
        def handler(call: CallableRequest[Any]) -> dict[str, Any]:
            with deadline.within(settings.CALLABLE_TIMEOUT, deadline.PERSON):
                return _answer(function.__name__, call, serve)

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


def _answer(
    name: str,
    call: CallableRequest[Any],
    serve: Callable[[CallableRequest[Any]], dict[str, Any]],
) -> dict[str, Any]:
    """The function's answer. Raises its failure in the form of the callable protocol."""
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
    except Exception as failure:  # the boundary: logged in full, answered by an errorId
        error_id = _new_error_id()
        log.call_failed(name, uid, error_id, failure)
        raise HttpsError(
            FunctionsErrorCode.INTERNAL,
            "Something went wrong on our side.",
            {"reason": "internal", "errorId": error_id},
        ) from failure


def _cors() -> CorsOptions:
    """Which web pages may call. Read when the function is imported: the SDK needs it then."""
    origins: list[str] = settings.allowed_origins()
    return CorsOptions(cors_origins="*" if origins == ["*"] else origins, cors_methods=["post"])


def _check_app(call: CallableRequest[Any]) -> None:
    # The SDK has verified the token if there is one, but does not refuse a wrong one by itself.
    if settings.require_app_check() and call.app is None:
        raise AppCheckRequired


def _check_body(request: Request) -> None:
    """Raise `BadRequest` for what the SDK would answer with a 500, or parse whatever its length."""
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
            # Half of a surrogate pair: JSON can hold it, Firestore and Particle cannot.
            raise BadRequest("This is not valid Unicode text.", field=field) from None
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
    """Gives Particle's failures in repeatable calls a reason; the others have one already."""
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
    """Add a reason to the SDK's own refusals, which happen before our code runs."""
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
