"""Whether and when a request is sent again."""

import pytest

from shared.particle import errors
from shared.particle.transport import MAX_TRIES, PATIENCE, pause_before_retry

ROUTE = "GET /v1/x"


@pytest.mark.parametrize(
    "failure",
    [
        errors.NotSentError(ROUTE),
        errors.InterruptedCallError(ROUTE),
        errors.ServerFaultError(ROUTE, "", 503),
    ],
)
def test_faults_of_the_way_are_tried_again_with_growing_pauses(
    failure: errors.ParticleError,
) -> None:
    assert pause_before_retry(failure, 1, 0, 0.0) == 0.25
    assert pause_before_retry(failure, 2, 0, 0.0) == 0.5
    assert pause_before_retry(failure, 2, 0, 0.5) == 0.75
    assert pause_before_retry(failure, MAX_TRIES, 0, 0.0) is None
    assert pause_before_retry(failure, 1, PATIENCE + 1, 0.0) is None


@pytest.mark.parametrize(
    "failure",
    [
        errors.RefusedError(ROUTE, "", 400),
        errors.TokenRejectedError(ROUTE, "", 401),
        errors.ClientRejectedError(ROUTE, "", 400),
        errors.NotFoundError(ROUTE, "", 404),
        errors.RateLimitedError(ROUTE, "", 429, 1),
        errors.DeviceUnreachableError(ROUTE, "", 408, 30),
        errors.UnexpectedAnswerError(ROUTE, "", 200),
    ],
)
def test_answers_are_final(failure: errors.ParticleError) -> None:
    assert pause_before_retry(failure, 1, 0, 0.0) is None
