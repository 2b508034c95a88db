"""Firebase's own SDK, listening as a customer's app does."""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from threading import Condition, Thread
from typing import Any

from local.client import Account
from local.stack import Stack

PROGRAM = Path(__file__).parent / "listen.mjs"
PATIENCE = 60


class Listener:
    """Listeners of one customer, each to a path, in a process of their own."""

    def __init__(self, stack: Stack, account: Account, paths: Sequence[str]) -> None:
        """Open them."""
        assert account.email
        assert account.password
        node = shutil.which("node")
        assert node
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            [node, PROGRAM, account.email, account.password, *paths],
            env={**os.environ, **stack.environment},
            stdout=subprocess.PIPE,
            text=True,
        )
        self.got: list[dict[str, Any]] = []
        """All that they have got, in its order."""
        self._more = Condition()
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            with self._more:
                self.got.append(json.loads(line))
                self._more.notify_all()

    def wait(self, paths: Sequence[str], key: str) -> None:
        """Wait until each of these paths has got something with this key."""

        def all_have() -> bool:
            return set(paths) <= {one["path"] for one in self.got if key in one}

        with self._more:
            assert self._more.wait_for(all_have, PATIENCE), self.got

    def close(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.wait()
        self._reader.join()
        assert self._process.stdout
        self._process.stdout.close()
