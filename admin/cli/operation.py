"""The operator's changes, as the audit trail records them."""

from typing import Any

import typer

from admin.cli import interrupted
from admin.cli.errors import CannotRun
from admin.cli.failures import explained_firestore
from admin.cli.identity import operator
from admin.cli.target import Target
from shared import audit
from shared.audit import Operation


def operation(target: Target, action: str, reason: str | None = None) -> Operation:
    """An operation of this operator, to be recorded with the change that it makes.

    Raises:
        CannotRun: the operator's identity is unknown.
    """
    who = operator(target)
    interrupted.will_change()
    return Operation(action, who, reason)


def record_if_possible(target: Target, action: str, **touched: Any) -> None:
    """Record what no commit of ours does: a change at Particle, or a look at personal data.

    An operator who may not write to Firestore, or cannot reach it, is warned and goes on: they
    could do the same at Particle or in Google's console.
    """
    try:
        target.connect()
        with explained_firestore(target.project):
            audit.record(operation(target, action), **touched)
    except CannotRun as failure:
        typer.echo(f"This is not in the audit trail. {failure}", err=True)
