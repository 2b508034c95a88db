"""How long a commit is tried, and what is tried again.

The function has 60 seconds: a delivery may wait for the group before its own, and what is not done
by then, the platform delivers again. So everything has its deadline, which the client's own retry
would not have.
"""

from google.api_core.exceptions import (
    Aborted,
    DeadlineExceeded,
    ResourceExhausted,
    ServiceUnavailable,
)
from google.api_core.retry import Retry, if_exception_type

COMMIT_SECONDS = 8.0
"""For one attempt."""
RETRY_SECONDS = 20.0
"""For all attempts of one commit."""

TRANSIENT = (Aborted, DeadlineExceeded, ResourceExhausted, ServiceUnavailable)
"""Says nothing about the events: the commit may even have been made."""

RETRY = Retry(
    predicate=if_exception_type(*TRANSIENT), initial=0.05, maximum=2.0, timeout=RETRY_SECONDS
)
