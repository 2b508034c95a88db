"""How long Firestore is tried where somebody waits for the answer, or a device is held for it.

Left to itself the client tries a commit again for a minute and a read for five, whatever timeout
it is given, which is for one attempt; and it never tries again what was aborted by a contender.
"""

from typing import Any

from google.api_core.exceptions import (
    Aborted,
    DeadlineExceeded,
    GoogleAPICallError,
    ResourceExhausted,
    RetryError,
    ServiceUnavailable,
)
from google.api_core.retry import Retry, if_exception_type

TRANSIENT = (Aborted, DeadlineExceeded, ResourceExhausted, ServiceUnavailable, RetryError)
"""Says nothing about what was asked for: a commit may even have been made."""

FAILURES = (GoogleAPICallError, RetryError)
"""All that a request to Firestore raises."""

BRIEFLY: dict[str, Any] = {
    "retry": Retry(predicate=if_exception_type(*TRANSIENT), initial=0.05, maximum=1.0, timeout=6.0),
    "timeout": 4.0,
}
"""Arguments of a request that may be repeated: 4 s for an attempt, 10 s together."""
