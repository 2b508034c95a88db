"""The product's own failures and Particle's, in the words of a command line."""

import contextlib
from collections.abc import Iterator
from contextlib import AbstractContextManager

from admin.errors import CannotRun
from shared import log
from shared.errors import ProductError
from shared.particle.errors import ParticleError
from shared.settings import SettingMissingError


@contextlib.contextmanager
def told(inner: AbstractContextManager[None]) -> Iterator[None]:
    """Turn them into `CannotRun`; what `inner` explains, too."""
    try:
        with inner, log.without_news():
            yield
    except (ProductError, ParticleError, SettingMissingError) as failure:
        raise CannotRun(str(failure)) from failure
