"""The error answers of the API.

The cloud has many shapes of error bodies; each function here makes one of them. No public source
shows the bodies that are marked "invented": they are a guess of this simulator.
"""

from collections.abc import Mapping
from typing import Any

PERMISSION_INFO = (
    "I didn't recognize that device name or ID, "
    "try opening https://api.particle.io/v1/devices?access_token=undefined"
)


class ApiError(Exception):
    """An error answer, raised by a handler.

    Attributes:
        status: the HTTP status.
        body: the body, sent as JSON.
        headers: further headers of the answer.
    """

    def __init__(self, status: int, body: object, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


def oauth(error: str, description: str, status: int = 400) -> ApiError:
    """Return an error in the shape of the OAuth server."""
    return ApiError(status, {"error": error, "error_description": description})


def failed(status: int, error: str, **more: Any) -> ApiError:
    """Return an error in the most common shape: `ok` false and a text."""
    return ApiError(status, {"ok": False, "error": error, **more})


def no_token() -> ApiError:
    """Return the refusal of a request without a token."""
    return oauth("invalid_request", "The access token was not found")


def unknown_token() -> ApiError:
    """Return the refusal of a token that does not exist, or no longer."""
    return oauth("invalid_token", "The access token provided is invalid.", 401)


def expired_token() -> ApiError:
    """Return the refusal of a token that has expired."""
    return oauth("invalid_token", "The access token provided has expired.", 401)


def invalid_client(description: str = "Client credentials are invalid") -> ApiError:
    """Return the refusal of a client whose credentials are missing or wrong."""
    error = oauth("invalid_client", description)
    error.headers["WWW-Authenticate"] = 'Basic realm="Service"'
    return error


def unknown_device() -> ApiError:
    """Return the refusal of a device that does not exist or belongs to someone else.

    The API does not say which.
    """
    return ApiError(403, {"error": "Permission Denied", "info": PERMISSION_INFO})


def not_permitted() -> ApiError:
    """Return the refusal of a token without the right; the body is invented."""
    return failed(403, "Permission denied")


def api_user_refused() -> ApiError:
    """Return the refusal of an API user, on a route that none may use."""
    return oauth("unauthorized", "API users are not allowed to call this endpoint")


def timed_out() -> ApiError:
    """Return the error of a device that is offline or did not answer in time."""
    return failed(408, "timed out")


def product_not_found() -> ApiError:
    """Return the error of a product that does not exist."""
    return failed(404, "Product not found.")


def claim_refused(status: int, *errors: Any, with_ok: bool = True) -> ApiError:
    """Return an error in the shape of claiming: a list of errors, mostly with `"ok": false`."""
    body: dict[str, Any] = {"ok": False} if with_ok else {}
    return ApiError(status, {**body, "errors": list(errors)})


def too_many_requests(retry_after: int | None = None) -> ApiError:
    """Return the refusal at a rate limit; its body and header are invented.

    Args:
        retry_after: seconds after which a request will be accepted again, if known.
    """
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return ApiError(429, {"ok": False, "error": "Too many requests"}, headers)


def not_simulated(part: str) -> ApiError:
    """Return the answer of a part that the simulator leaves out, which the real cloud has not."""
    return failed(501, "not simulated", info=f"This simulator leaves out: {part}.")
