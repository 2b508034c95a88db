"""Asking before a change: what affects a customer, or cannot be undone, is asked or has `--yes`."""

import sys
from typing import Annotated

import typer

from admin.cli.errors import CannotRun

Yes = Annotated[bool, typer.Option("--yes", help="Do it without asking.")]

_NO_TERMINAL = "There is no terminal to ask on: add --yes if you mean it"
_NOTHING = "Nothing was changed"


def confirm(question: str, *, yes: bool) -> None:
    """Ask a question that is answered with yes or no, unless the operator has said yes already.

    Raises:
        CannotRun: they say no, or cannot be asked. Nothing must have been changed yet.
    """
    if yes:
        return
    _require_terminal(question)
    try:
        agreed = typer.confirm(question, default=False, err=True)
    except typer.Abort:
        agreed = False
    if not agreed:
        raise CannotRun(_NOTHING)


def confirm_by_name(name: str, what: str, *, yes: bool) -> None:
    """Ask to type a name, for what must not be done to somebody else by mistake.

    Raises:
        CannotRun: they type another one, or cannot be asked. Nothing must have been changed yet.
    """
    if yes:
        return
    question = f"Type {name} to {what}"
    _require_terminal(question)
    try:
        typed = typer.prompt(question, default="", show_default=False, err=True)
    except typer.Abort:
        raise CannotRun(_NOTHING) from None
    if typed.strip() != name:
        raise CannotRun(f"That is another name. {_NOTHING}")


def _require_terminal(question: str) -> None:
    if not sys.stdin.isatty():
        raise CannotRun(f"{question.rstrip('?')}? {_NO_TERMINAL}")
