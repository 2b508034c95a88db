"""The decorator of all callables: it checks caller and request, and answers failures.

    @callable_function(Request, secrets=settings.PARTICLE_SECRETS)
    def claim_device(caller: Caller, request: Request) -> dict[str, Any]: ...

A function gets a caller who is signed in, not anonymously, and a request of the right shape. One
that changes something runs only while the sign-in still holds (`shared/accounts/session.py`). Every
failure is answered as `{code, message, details: {reason, errorId, …}}`. What a call looks like on
the wire is in `shared/api/protocol.py`.
"""

import contextlib
import functools
import secrets as random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from firebase_functions.params import SecretParam
from flask import Request, Response, jsonify
from flask_cors import cross_origin

from shared import log, settings
from shared.accounts.session import UNREACHABLE, Session
from shared.api import protocol
from shared.api.protocol import CallFailedError
from shared.api.requests import Caller, Input, read_text
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
    TryAgain,
)
from shared.firestore import deadline
from shared.firestore.deadline import TRANSIENT
from shared.firestore.ids import InvalidIdError
from shared.limits.rate import RateLimit
from shared.particle import errors
from shared.structs import prepared

OVERLOADED = (*TRANSIENT, *UNREACHABLE)
"""What Firestore and Auth raise when they cannot be reached, or cannot serve the request now."""

View = Callable[[Request], Response]


R = TypeVar("R", bound=Input)


def callable_function(
    input_type: type[R],
    *,
    secrets: list[SecretParam] | None = None,
    changes: bool = True,
    confirms: bool = False,
) -> Callable[[Callable[[Caller, R], dict[str, Any]]], View]:
    """Export a function as a Firebase callable that takes `input_type` as its data.

    If it `changes` something, Auth is asked first whether the sign-in still holds. One that
    `confirms` begins at the same time, and calls `caller.confirm` before it does what must not be
    done for an ended sign-in; an answer of the last minute will do.
    """
    prepared(input_type)
    rate = RateLimit(settings.calls_per_minute)

    def decorate(function: Callable[[Caller, R], dict[str, Any]]) -> View:
        name = function.__name__

        def serve(data: Any, session: Session) -> dict[str, Any]:
            rate.acquire(session.uid)
            request = _input(data, input_type)
            app = request.app.as_dict() if request.app else None
            signed_in_at = datetime.fromtimestamp(session.claims["auth_time"], UTC)
            caller = Caller(session.uid, signed_in_at, session.email)
            if confirms:
                caller = replace(caller, confirm=session.ask(app))
                try:
                    return function(caller, request)
                finally:
                    # Whatever the function found: an ended sign-in is told nothing else.
                    caller.confirm()
            if changes:
                session.require_live()
            session.note(app)
            return function(caller, request)

        @cross_origin(methods="POST", origins=_origins())
        @functools.wraps(function)
        def view(request: Request) -> Response:
            with deadline.within(settings.CALLABLE_TIMEOUT, deadline.PERSON):
                try:
                    return jsonify(result=_answer(name, request, serve))
                except CallFailedError as failure:
                    answer = jsonify(error=failure.body)
                    answer.status_code = failure.http_status
                    return answer

        if settings.is_discovery():
            from shared.api import manifest  # noqa: PLC0415 - it needs the SDK

            manifest.declare_callable(view, secrets)
        return view

    return decorate


def _answer(
    name: str,
    request: Request,
    serve: Callable[[Any, Session], dict[str, Any]],
) -> dict[str, Any]:
    """The function's answer. Raises its failure in the form of the callable protocol."""
    uid = None
    try:
        data = protocol.data_in(request)
        session = _session(request)
        uid = session.uid
        return serve(data, session)
    except (ProductError, errors.ParticleError) as failure:
        if uid is not None and isinstance(failure, errors.NoSuchCustomerError):
            with contextlib.suppress(CustomerNotReady, *OVERLOADED):
                shadow.lost(uid)
        raise _refusal(name, uid, _as_product_error(failure)) from failure
    except InvalidIdError as failure:
        # Something in the request should have been refused before a path was built from it.
        raise _refusal(name, uid, BadRequest(field="data")) from failure
    except OVERLOADED as failure:
        error_id = _new_error_id()
        log.call_interrupted(name, uid, error_id, failure)
        raise _failed(TryAgain(), error_id) from failure
    except Exception as failure:  # the boundary: logged in full, answered by an errorId
        error_id = _new_error_id()
        log.call_failed(name, uid, error_id, failure)
        details = {"reason": "internal", "errorId": error_id}
        message = "Something went wrong on our side."
        raise CallFailedError("internal", message, details) from failure


def _origins() -> list[str] | str:
    """Which web pages may call. Read when the function is imported: `cross_origin` needs it."""
    origins: list[str] = settings.allowed_origins()
    return "*" if origins == ["*"] else origins


def _session(request: Request) -> Session:
    """The caller's sign-in, if it is one that may call."""
    claims = protocol.claims_in(request)
    if settings.require_app_check() and not protocol.is_from_an_app(request):
        raise AppCheckRequired
    session = Session.of(claims)
    if session.provider == "anonymous":
        raise AnonymousUser
    if settings.require_verified_email() and claims.get("email_verified") is not True:
        raise EmailUnverified
    return session


def _input(data: Any, input_type: type[R]) -> R:
    """The request in a call's data. `null` for an optional field is its absence.

    Raises `BadRequest`, which names the field.
    """
    if isinstance(data, dict):
        optional = _optional(input_type)
        data = {k: v for k, v in data.items() if v is not None or k not in optional}
    try:
        return msgspec.convert({} if data is None else data, input_type, dec_hook=read_text)
    except msgspec.ValidationError as failure:
        raise BadRequest(f"{failure}.", field=_field_in(str(failure))) from None


@functools.cache
def _optional(input_type: type[Input]) -> frozenset[str]:
    fields = msgspec.structs.fields(input_type)
    return frozenset(field.encode_name for field in fields if not field.required)


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


def _refusal(function: str, uid: str | None, failure: ProductError) -> CallFailedError:
    error_id = _new_error_id()
    log.call_refused(function, uid, failure, error_id)
    return _failed(failure, error_id)


def _failed(failure: ProductError, error_id: str) -> CallFailedError:
    details = {"reason": failure.reason, "errorId": error_id, **failure.details}
    return CallFailedError(failure.code, str(failure), details)


def _new_error_id() -> str:
    return random.token_hex(6)
