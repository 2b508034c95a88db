"""The API's error answers.

The cloud has many shapes of error body; each function here makes one. Bodies marked "invented"
in their docstring have no public source: they are this simulator's guess.
"""

from collections.abc import Mapping
from typing import Any

PERMISSION_INFO = (
    "I didn't recognize that device name or ID, "
    "try opening https://api.particle.io/v1/devices?access_token=undefined"
)


class ApiError(Exception):
    """An answer other than success, raised by a handler."""

    def __init__(self, status: int, body: object, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


def oauth(error: str, description: str, status: int = 400) -> ApiError:
    """The OAuth server's shape."""
    return ApiError(status, {"error": error, "error_description": description})


def failed(status: int, error: str, **more: Any) -> ApiError:
    """The commonest shape: `ok` false and a text."""
    return ApiError(status, {"ok": False, "error": error, **more})


def no_token() -> ApiError:
    return oauth("invalid_request", "The access token was not found")


def unknown_token() -> ApiError:
    return oauth("invalid_token", "The access token provided is invalid.", 401)


def expired_token() -> ApiError:
    return oauth("invalid_token", "The access token provided has expired.", 401)


def invalid_client(description: str = "Client credentials are invalid") -> ApiError:
    error = oauth("invalid_client", description)
    error.headers["WWW-Authenticate"] = 'Basic realm="Service"'
    return error


def unknown_device() -> ApiError:
    """Unknown or somebody else's: the API does not tell which."""
    return ApiError(403, {"error": "Permission Denied", "info": PERMISSION_INFO})


def not_permitted() -> ApiError:
    """A token without the right; the body is invented."""
    return failed(403, "Permission denied")


def api_user_refused() -> ApiError:
    return oauth("unauthorized", "API users are not allowed to call this endpoint")


def timed_out() -> ApiError:
    """The device is offline or did not answer in time."""
    return failed(408, "timed out")


def product_not_found() -> ApiError:
    return failed(404, "Product not found.")


def claim_refused(status: int, *errors: Any, ok: bool = True) -> ApiError:
    """Claiming's shape: a list of errors; `ok` adds `"ok": false`."""
    body: dict[str, Any] = {"ok": False} if ok else {}
    return ApiError(status, {**body, "errors": list(errors)})


def too_many_requests(retry_after: int | None = None) -> ApiError:
    """Body and header are invented; no public source shows them."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return ApiError(429, {"ok": False, "error": "Too many requests"}, headers)


def not_simulated(part: str) -> ApiError:
    """Not an answer of the real cloud: the simulator leaves this part out."""
    return failed(501, "not simulated", info=f"This simulator leaves out: {part}.")
