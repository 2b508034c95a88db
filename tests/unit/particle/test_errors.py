"""Particle's answers, told apart: every body that it is known to send, and garbage."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.particle import errors

DENIED = "I didn't recognize that device name or ID, try opening https://api.particle.io/v1/devices"


def failure(
    status: int,
    body: Any,
    headers: Mapping[str, str] | None = None,
    *,
    by_client: bool = False,
) -> errors.ParticleError:
    return errors.from_answer("GET /v1/x", status, headers or {}, body, 0.1, by_client=by_client)


@pytest.mark.parametrize(
    ("status", "body", "kind", "text"),
    [
        (400, {"error": "invalid_request", "error_description": "The access token was not found"},
         errors.RefusedError, "The access token was not found"),
        (401, {"error": "invalid_token", "error_description": "The access token has expired."},
         errors.TokenRejectedError, "The access token has expired."),
        (400, {"error": "unauthorized", "error_description": "API users are not allowed"},
         errors.ForbiddenError, "API users are not allowed"),
        (403, {"error": "Permission Denied", "info": DENIED},
         errors.ForbiddenError, "Permission Denied"),
        (408, {"ok": False, "error": "timed out"}, errors.DeviceUnreachableError, "timed out"),
        (400, {"ok": False, "error": "Timed out."}, errors.DeviceUnreachableError, "Timed out."),
        (400, {"ok": False, "error": "argument too long"},
         errors.RefusedError, "argument too long"),
        (404, {"ok": False, "error": "Function blahblah not found"},
         errors.NotFoundError, "Function blahblah not found"),
        (404, {"ok": False, "error": "Unknown Variable: NOPE"},
         errors.NotFoundError, "Unknown Variable: NOPE"),
        (404, {"ok": False, "errors": ["device does not exist"]},
         errors.NotFoundError, "device does not exist"),
        (404, {"ok": False, "errors": [["Core isn't online", 404]]},
         errors.NotFoundError, "Core isn't online"),
        (403, {"errors": ["That belongs to someone else."]},
         errors.ForeignOwnerError, "That belongs to someone else."),
        (403, {"ok": False, "errors": ["That belongs to someone else. To request a transfer add"]},
         errors.ForeignOwnerError, "That belongs to someone else. To request a transfer add"),
        (500, {"ok": False, "code": 500, "errors": [{"error": "Timed out"}]},
         errors.ServerFaultError, "Timed out"),
        (500, {"errors": [{"error": {"status": "Bad"}}]}, errors.ServerFaultError, "Bad"),
        (500, {"errors": [{"message": "Worse"}]}, errors.ServerFaultError, "Worse"),
        (502, "<html>", errors.ServerFaultError, "<html>"),
        (400, {"error": "bad_request", "description": "start_date and end_date must be ISO8601"},
         errors.RefusedError, "start_date and end_date must be ISO8601"),
        (429, {"ok": False, "error": "Too many requests"},
         errors.RateLimitedError, "Too many requests"),
        (404, {}, errors.NotFoundError, ""),
        (400, "Success!", errors.RefusedError, "Success!"),
    ],
)  # fmt: skip
def test_each_known_body(
    status: int, body: Any, kind: type[errors.ParticleError], text: str
) -> None:
    error = failure(status, body)
    assert (type(error), error.text, error.status) == (kind, text, status)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"error": "invalid_client", "error_description": "Client credentials are invalid"},
         errors.ClientRejectedError),
        (401, {"error": "invalid_client"}, errors.ClientRejectedError),
        (401, {"error": "Unauthorized"}, errors.ClientRejectedError),
        (401, "<html>", errors.ClientRejectedError),
        (401, None, errors.ClientRejectedError),
        (403, {"error": "Unauthorized_Client"}, errors.ClientRejectedError),
        (400, {"error": "invalid_grant", "error_description": "Customer not found"},
         errors.NoSuchCustomerError),
        (400, {"ok": False, "error": "Customer already exists"}, errors.CustomerExistsError),
        (400, {"error": "customer_exists"}, errors.CustomerExistsError),
        (409, {"errors": ["A customer with this email ALREADY EXISTS."]},
         errors.CustomerExistsError),
        (409, {"error": "conflict"}, errors.RefusedError),
        (409, "<html>already exists</html>", errors.RefusedError),
        (422, {"error": "email has been taken"}, errors.RefusedError),
        (403, {"ok": False, "error": "Permission denied"}, errors.ForbiddenError),
        (404, {"ok": False, "error": "Product not found."}, errors.NotFoundError),
        (503, {"error": "server_error"}, errors.ServerFaultError),
    ],
)  # fmt: skip
def test_what_is_told_to_one_who_shows_the_clients_secret(
    status: int, body: Any, kind: type[errors.ParticleError]
) -> None:
    assert type(failure(status, body, by_client=True)) is kind


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, "<html>", errors.TokenRejectedError),
        (401, {}, errors.TokenRejectedError),
        (400, {"error": "invalid_token"}, errors.TokenRejectedError),
        (401, {"error": "invalid_client"}, errors.TokenRejectedError),
        (403, {"errors": [["THAT BELONGS TO SOMEONE ELSE", 403]]}, errors.ForeignOwnerError),
        (403, {"ok": False, "error": "no", "info": "add ?request_transfer=true to the URL"},
         errors.ForeignOwnerError),
        (403, {"error": "Forbidden"}, errors.ForbiddenError),
        (403, "", errors.ForbiddenError),
        (403, "<html>someone else</html>", errors.NotSentError),
        (404, "<html>", errors.NotFoundError),
        (404, "", errors.NotFoundError),
        (409, {"error": "claimed"}, errors.RefusedError),
        (408, "<html>", errors.DeviceUnreachableError),
        (429, "<html>", errors.RateLimitedError),
        (400, {"errors": [["Request timed out", 400]]}, errors.DeviceUnreachableError),
    ],
)  # fmt: skip
def test_the_status_and_the_form_decide_before_the_words(
    status: int, body: Any, kind: type[errors.ParticleError]
) -> None:
    assert type(failure(status, body)) is kind


@given(
    status=st.integers(300, 599),
    body=st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda part: st.lists(part) | st.dictionaries(st.sampled_from(
            ["error", "errors", "error_description", "info", "err", "message", "x"]), part),
    ),
    headers=st.dictionaries(st.just("Retry-After"), st.text()),
    by_client=st.booleans(),
)  # fmt: skip
def test_garbage_is_some_particle_error(
    status: int, body: Any, headers: dict[str, str], *, by_client: bool
) -> None:
    error = failure(status, body, headers, by_client=by_client)
    assert isinstance(error, errors.ParticleError)
    assert len(str(error)) < 300
    if isinstance(error, errors.RateLimitedError):
        assert 1 <= error.retry_after <= 3600


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7), ("0", 1), ("-3", 1), ("nan", 60), ("soon", 60), ("1e9", 3600), ("2.5", 2.5)],
)
def test_retry_after(header: str, seconds: float) -> None:
    error = failure(429, None, {"Retry-After": header})
    assert isinstance(error, errors.RateLimitedError)
    assert error.retry_after == seconds


def test_no_token_and_no_address_in_a_text() -> None:
    token, address = "0123456789abcdef0123456789abcdef01234567", "jane.doe+x@example.com"
    error = failure(400, {"error": f"no {token} of {address}, ?access_token=abc123"})
    assert error.text == "no *** of *** ?***"
    assert token not in repr(error)
    assert address not in repr(error)
