"""The operator's command line, run in this process against the stack."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from admin.app import main


@dataclass(frozen=True)
class Ran:
    """What became of a command."""

    status: int
    out: str
    err: str


class CommandLine:
    """Runs commands with `--local`."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Reading what they print by pytest's fixture."""
        self._capsys = capsys

    def run(self, *arguments: str) -> Ran:
        """Run a command."""
        self._capsys.readouterr()
        status = main([*arguments, "--local"])
        captured = self._capsys.readouterr()
        return Ran(status, captured.out, captured.err)

    def said(self, *arguments: str, status: int = 0) -> str:
        """What a command prints as its answer; fails when its status is another."""
        ran = self.run(*arguments)
        assert ran.status == status, ran
        return ran.out

    def document(self, *arguments: str, status: int = 0) -> Any:
        """The JSON that a command answers with; fails when there is anything else beside it."""
        return json.loads(self.said(*arguments, "--json", status=status))
