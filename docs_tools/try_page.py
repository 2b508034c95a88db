"""Runs a page as a reader would: it types the commands into a shell and compares the answers.

A block after `<!-- try -->` is typed into the second terminal. One after `<!-- try: first terminal
-->` is typed into the first terminal, where it keeps running. The block after `<!-- answers -->` is
what the block before it must print; `…` stands for anything.
"""

import contextlib
import os
import re
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from docs_tools.pages import Block, blocks
from local.ports import Ports
from local.progress import say
from local.runs import ROOT
from local.signals import stop_signals
from local.waiting import wait_until

FIRST_TERMINAL: Final = "first terminal"
CHANGES: Final = "changes the folder"
DEMO_PORTS: Final = Ports.of_block(0, fixed=True)

_AT_FREE_PORTS: Final = (
    "make setup web/dist/.demo && exec venv/bin/python -m local demo --free-ports"
)

_START: Final = 900.0
"""Seconds until a fresh clone must be ready; it installs everything."""
_TYPED: Final = 300.0
"""Seconds for everything in the second terminal."""
_STOP: Final = 60.0
_END: Final = "@@@ block ended"


class PageError(Exception):
    """A command of the page failed, or gave another answer than the page says."""


def try_in_fresh_clone(page: Path, *, free_ports: bool) -> None:
    """Clone this repository at its latest commit, and run the page in the clone.

    Args:
        page: a page of `docs/`.
        free_ports: run the demo on other ports than the page's, beside one that runs already.

    Raises:
        PageError: something else happens than the page says.
    """
    with stop_signals(), tempfile.TemporaryDirectory(prefix="try-") as folder:
        clone = Path(folder) / "clone"
        began = time.monotonic()
        _git("clone", "--quiet", str(ROOT), str(clone))
        (start,) = (b.text for b in blocks(page) if b.mark == "try" and b.note == FIRST_TERMINAL)
        with _first_terminal(_AT_FREE_PORTS if free_ports else start, clone) as log:
            say(f"ready after {time.monotonic() - began:.0f} s, set-up included")
            ports = _ports_in(log) if free_ports else DEMO_PORTS
            tried = time.monotonic()
            type_in(page, clone, ports, {}, changes=True)
            say(f"{page.relative_to(ROOT)}: all as it says; {time.monotonic() - tried:.0f} s")
        say(f"{time.monotonic() - began:.0f} s in all")


def type_in(
    page: Path, folder: Path, ports: Ports, environment: Mapping[str, str], *, changes: bool
) -> None:
    """Type the page's commands for the second terminal.

    Args:
        page: a page of `docs/`.
        folder: the terminal's working directory.
        ports: the demo's ports.
        environment: variables of the shell, in addition to this process's own.
        changes: whether to run commands that change the folder.

    Raises:
        PageError: a command failed, or gave another answer.
    """
    steps = [(b, a) for b, a in _steps(page) if changes or b.note != CHANGES]
    typed = "".join(f"{_with_ports(block.text, ports)}\necho '{_END}'\n" for block, _ in steps)
    with (
        tempfile.TemporaryFile("w+") as complaints,
        subprocess.Popen(  # noqa: S603 - the page's
            ["bash", "-euo", "pipefail", "-c", typed],  # noqa: S607 - the reader's
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
            cwd=folder,
            env={**os.environ, **environment},
            text=True,
            start_new_session=True,
        ) as shell,
    ):
        patience = threading.Timer(_TYPED, os.killpg, (shell.pid, signal.SIGKILL))
        patience.start()
        try:
            for block, answer in steps:
                _run_step(block, answer, shell, complaints)
        finally:
            patience.cancel()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGKILL)


def _run_step(
    block: Block, answer: Block | None, shell: subprocess.Popen[str], complaints: IO[str]
) -> None:
    """Read the output of a block until it has ended, and compare it."""
    began = time.monotonic()
    printed: list[str] = []
    for line in shell.stdout or ():
        if line.rstrip() == _END:
            break
        printed.append(line)
    else:
        complaints.seek(0)
        raise PageError(f"{block} failed:\n{''.join(printed)}\n{complaints.read()}")
    if answer and not _fits(answer.text, "".join(printed)):
        raise PageError(f"{block} answered\n{''.join(printed)}\nand not\n{answer.text}")
    say(f"  {block}  {time.monotonic() - began:.1f} s")


def _steps(page: Path) -> Iterator[tuple[Block, Block | None]]:
    """The blocks to type, each with the answer that it must give."""
    found = [block for block in blocks(page) if block.mark in {"try", "answers"}]
    for number, block in enumerate(found):
        if block.mark == "try" and block.note != FIRST_TERMINAL:
            following = found[number + 1] if number + 1 < len(found) else None
            yield block, following if following and following.mark == "answers" else None


def _fits(expected: str, output: str) -> bool:
    """Whether the output contains each expected line, in this order."""
    lines = iter(output.splitlines())
    return all(
        any(re.search(_pattern(wanted), line) for line in lines) for wanted in expected.splitlines()
    )


def _pattern(line: str) -> str:
    return "^" + ".*".join(re.escape(part) for part in line.strip().split("…")) + "$"


def _with_ports(text: str, ports: Ports) -> str:
    """Replace the demo's ports by those of this stack."""
    here = dict(zip(DEMO_PORTS.public().values(), ports.public().values(), strict=True))
    return re.sub(r"(127\.0\.0\.1:)(\d+)", lambda m: f"{m[1]}{here.get(int(m[2]), m[2])}", text)


@contextmanager
def _first_terminal(command: str, folder: Path) -> Iterator[str]:
    """Run a command until it prints `ready`, and yield its output; in the end, press Ctrl-C."""
    log = folder.parent / "first-terminal.log"
    with log.open("wb") as output:
        running = subprocess.Popen(  # noqa: S603 - the page's
            ["bash", "-c", command],  # noqa: S607 - the reader's
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def check() -> None:
        if running.poll() is not None:
            raise PageError(f"{command} ended by itself:\n{log.read_text()[-4000:]}")

    try:
        wait_until(command, lambda: "\nready\n" in log.read_text(), _START, check)
        yield log.read_text()
    finally:
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGINT)
        running.wait(_STOP)


def _ports_in(log: str) -> Ports:
    """The ports of a demo on free ports, from the address of its web app."""
    found = re.search(r"Web app +http://[\d.]+:(\d+)", log)
    if not found:
        raise PageError(f"The demo does not say where it is:\n{log}")
    # The ports are consecutive: see Ports.of_block.
    return Ports.of_block(int(found[1]) - Ports.of_block(0).hosting)


def _git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], check=True)  # noqa: S603, S607 - fixed argv
