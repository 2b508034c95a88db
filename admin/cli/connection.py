"""What every command does around its work: connect, explain what fails, keep the answer apart."""

import contextlib
import sys
from collections.abc import Iterator

import typer

from admin.cli.deployed import use_settings
from admin.cli.errors import explained
from admin.cli.secrets import use_secrets
from admin.cli.target import Target


@contextlib.contextmanager
def connected(context: typer.Context, *, to_particle: bool = False) -> Iterator[Target]:
    """Connect to the deployment that was chosen, and where it is asked for to its Particle product.

    Inside, failures of Google, Particle and the product become `CannotRun`, and what is printed
    goes to standard error: standard output holds the answer alone, which comes after.
    """
    # Not at the top: it imports Firestore's client, a second that --help need not wait.
    from admin.cli.failures import told  # noqa: PLC0415

    target: Target = context.obj()
    target.connect()
    use_settings(target)
    if to_particle:
        use_secrets(target)
    with contextlib.redirect_stdout(sys.stderr), told(explained(target.project)):
        yield target
