"""A command's connection to the deployment that the operator chose."""

import contextlib
import sys
from collections.abc import Iterator

import typer

from admin.cli.deployed import use_secrets, use_settings
from admin.cli.failures import explained
from admin.cli.target import Target


@contextlib.contextmanager
def connected(context: typer.Context, *, to_particle: bool = False) -> Iterator[Target]:
    """Connect to the chosen deployment and, if wanted, to its Particle product.

    Inside, failures of Google, Particle and the product become `CannotRun`, and whatever is
    printed goes to standard error: standard output is for the answer, which follows.
    """
    target = Target.of(context)
    target.connect()
    use_settings(target)
    if to_particle:
        use_secrets(target)
    with contextlib.redirect_stdout(sys.stderr), explained(target.project):
        yield target
