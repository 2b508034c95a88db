"""Links of the chain, and what is found out about them."""

import enum
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from admin.cli.errors import CannotRun, NoAccessError, NoLogInError
from admin.doctor.deployment import Deployment
from admin.doctor.google import GoogleError
from shared.particle import errors
from shared.settings import SettingMissingError


class State(enum.StrEnum):
    """How a link is."""

    OK = "ok"
    WARNING = "warning"
    """It works, but somebody should look."""
    BROKEN = "broken"
    NOT_HERE = "not here"
    """Only the cloud has it, and this is the demo; or it is turned off."""
    UNCHECKED = "not checked"
    """It could not be examined: another link is broken, or the operator may not look."""


@dataclass(frozen=True)
class Finding:
    """What was found, and what mends it: a command where there is one."""

    state: State
    found: str
    mend: str = ""


def ok(found: str) -> Finding:
    """All is well."""
    return Finding(State.OK, found)


def warning(found: str, mend: str) -> Finding:
    """Somebody should look."""
    return Finding(State.WARNING, found, mend)


def broken(found: str, mend: str) -> Finding:
    """It does not work."""
    return Finding(State.BROKEN, found, mend)


def not_here(why: str) -> Finding:
    """There is nothing to examine."""
    return Finding(State.NOT_HERE, why)


@dataclass(frozen=True)
class Link:
    """A link of the chain.

    Attributes:
        name: as people and programs see it.
        examine: finds out about it. What it does not foresee, of what Particle and Google answer,
            is explained by `examined`.
        needs: links without which it cannot be examined.
        cloud_only: why the demo has none; empty when it has.
    """

    name: str
    examine: Callable[[Deployment], Finding]
    needs: tuple[str, ...] = ()
    cloud_only: str = ""


def examined(links: Iterable[Link], deployment: Deployment) -> Iterator[tuple[Link, Finding]]:
    """Examine links in order, each as it is asked for.

    A link that the operator may not look at may be well: what needs it is examined all the same.

    Raises:
        NoLogInError: there are no credentials to examine them with.
    """
    bad: set[str] = set()
    for link in links:
        missing = [name for name in link.needs if name in bad]
        finding = _finding(link, deployment, missing)
        if finding.state is State.BROKEN or (finding.state is State.UNCHECKED and missing):
            bad.add(link.name)
        yield link, finding


def _finding(link: Link, deployment: Deployment, missing: list[str]) -> Finding:
    if deployment.local and link.cloud_only:
        return not_here(link.cloud_only)
    if missing:
        return Finding(State.UNCHECKED, f"needs {', '.join(missing)}")
    try:
        return link.examine(deployment)
    except NoLogInError:
        raise
    except (CannotRun, GoogleError, SettingMissingError, errors.ParticleError) as failure:
        return _explained(failure, deployment)


def _explained(
    failure: CannotRun | GoogleError | SettingMissingError | errors.ParticleError,
    deployment: Deployment,
) -> Finding:
    """What is the same wherever it is met."""
    if isinstance(failure, CannotRun):
        hidden = isinstance(failure, NoAccessError)
        # Its message says what to do.
        return Finding(State.UNCHECKED if hidden else State.BROKEN, str(failure))
    if isinstance(failure, GoogleError):
        state = State.UNCHECKED if failure.hidden else State.BROKEN
        return Finding(state, failure.found, failure.mend)
    if isinstance(failure, SettingMissingError):
        return broken(str(failure), f"correct it in {deployment.settings_file}, then deploy")
    return _at_particle(failure, deployment)


def _at_particle(failure: errors.ParticleError, deployment: Deployment) -> Finding:
    if isinstance(failure, errors.NotSentError):
        return broken(
            f"no connection to {deployment.particle_url}",
            "start the demo (make demo)"
            if deployment.local
            else f"check the network, and PARTICLE_API_URL in {deployment.settings_file}",
        )
    if isinstance(failure, errors.RateLimitedError):
        return broken(
            f"Particle refuses more requests for {failure.retry_after:.0f} s",
            "wait that long, then run this again",
        )
    if isinstance(failure, errors.OutcomeUnknownError):
        return broken(str(failure), "see https://status.particle.io, and run this again")
    return broken(str(failure), "read what Particle says; in doubt ask its support")
