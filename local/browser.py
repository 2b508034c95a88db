"""Finds or installs a browser for the tests of the web app."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from local.errors import StackError

# Debian's, the one without a window first: it does with less memory and time.
_DEBIAN: Final = (Path("/usr/bin/chromium-headless-shell"), Path("/usr/bin/chromium"))
_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_PLAYWRIGHT: Final = "chromium-*/chrome-linux*/chrome"
_MAC: Final = (
    Path("/Applications/Chromium.app/Contents/MacOS/Chromium"),
    Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
)
_TIMEOUT: Final = 900


def find_browser() -> Path | None:
    """Find a Chromium: the one that CHROMIUM names, the system's, or one that Playwright installed.

    Raises:
        StackError: CHROMIUM names a file that does not exist.
    """
    if named := os.environ.get("CHROMIUM"):
        path = Path(named).expanduser()
        if not path.is_file():
            raise StackError(
                f"CHROMIUM names {named}, which does not exist. Correct it or unset it."
            )
        return path
    for candidate in (*_DEBIAN, *_MAC):
        if candidate.is_file():
            return candidate
    for name in _NAMES:
        if found := shutil.which(name):
            return Path(found)
    managed = sorted((Path.home() / ".cache" / "ms-playwright").glob(_PLAYWRIGHT))
    return managed[-1] if managed else None


def get_browser() -> Path:
    """Find a Chromium, or install Debian's package where that needs no password.

    Raises:
        StackError: there is none; the text says how to install one.
    """
    if browser := find_browser():
        return browser
    if os.getuid() == 0 and shutil.which("apt-get"):
        _apt_get("update")
        # Older systems have only the whole browser.
        for package in ("chromium-headless-shell", "chromium"):
            _apt_get("install", "-y", "--no-install-recommends", package)
            if browser := find_browser():
                return browser
    raise StackError(
        "The tests of the web app need a Chromium. Install one (Debian, Ubuntu: apt-get install "
        "chromium; macOS: brew install --cask chromium; elsewhere: npx playwright install "
        "chromium), or set CHROMIUM to the path of one."
    )


def _apt_get(*arguments: str) -> None:
    subprocess.run(  # noqa: S603 - fixed arguments, no shell
        ["apt-get", *arguments],  # noqa: S607 - the system's own, found on PATH
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        check=False,
        timeout=_TIMEOUT,
    )
