"""Links of the chain, and findings about them."""

import enum
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from admin.cli.errors import CannotRun, NoAccessError, NoLogInError
from admin.cli.failures import in_words
from admin.cli.google import GoogleError
from admin.doctor.deployment import Deployment
from shared.particle import errors
from shared.settings import SettingMissingError

_SHOWN = 3


class State(enum.StrEnum):
    """The state of a link."""

    OK = "ok"
    WARNING = "warning"
    """It works, but needs attention."""
    BROKEN = "broken"
    NOT_HERE = "not here"
    """It is turned off, or only the cloud has it and this is the demo."""
    UNCHECKED = "not checked"
    """It could not be examined: another link is broken, or the operator may not look."""


@dataclass(frozen=True)
class Finding:
    """What was found, and how to fix it: a command where there is one."""

    state: State
    found: str
    fix: str = ""


def ok(found: str) -> Finding:
    """The link works."""
    return Finding(State.OK, found)


def warning(found: str, fix: str) -> Finding:
    """The link works, but needs attention."""
    return Finding(State.WARNING, found, fix)


def broken(found: str, fix: str) -> Finding:
    """The link does not work."""
    return Finding(State.BROKEN, found, fix)


def not_here(why: str) -> Finding:
    """There is nothing to examine."""
    return Finding(State.NOT_HERE, why)


def some(names: list[str]) -> str:
    """As many names as fit into a line."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


@dataclass(frozen=True)
class Link:
    """A link of the chain.

    Attributes:
        name: as people and programs see it.
        examine: examines it. Exceptions of Particle's and Google's clients that it does not handle
            become findings in `examined`.
        needs: the links without which it cannot be examined.
        cloud_only: why the demo does not have it; empty if it does.
    """

    name: str
    examine: Callable[[Deployment], Finding]
    needs: tuple[str, ...] = ()
    cloud_only: str = ""


def examined(
    links: Iterable[Link],
    deployment: Deployment,
    beginning: Callable[[Link], None] = lambda _: None,
) -> Iterator[tuple[Link, Finding]]:
    """Examine links in order, each when the iterator reaches it; `beginning` hears of it before.

    A link that the operator may not look at may work: those that need it are examined nevertheless.

    Raises:
        NoLogInError: there are no credentials.
    """
    bad: set[str] = set()
    for link in links:
        beginning(link)
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
    """The finding for a failure that no check handles itself."""
    if isinstance(failure, CannotRun):
        hidden = isinstance(failure, NoAccessError)
        # Its message says how to fix it.
        return Finding(State.UNCHECKED if hidden else State.BROKEN, str(failure))
    if isinstance(failure, GoogleError):
        state = State.UNCHECKED if failure.hidden else State.BROKEN
        return Finding(state, failure.found, failure.fix)
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
        found = f"it answered {failure.status}" if failure.status else "it did not answer in time"
        return broken(
            f"Particle failed: {found}", "see https://status.particle.io, and run this again"
        )
    return broken(in_words(failure), "see what Particle says; if in doubt, ask its support")
