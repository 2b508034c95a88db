"""Builds the site, with the two scripts that its pages would otherwise load from public servers."""

import hashlib
import io
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Final

from local.errors import StackError
from local.progress import step
from local.runs import FOLDER, ROOT

SCRIPTS: Final = FOLDER / "site-scripts"
"""`docs_tools/hooks.py` includes them in the site; without them, pages use a public server."""

MERMAID: Final = "mermaid.min.js"
"""Draws the diagrams."""
SEARCH_WITHOUT_SERVER: Final = "iframe-worker.js"
"""Makes search work in pages that are opened from the disk."""

_PACKAGES: Final = {
    MERMAID: (
        "mermaid@11.17.2",
        "package/dist/mermaid.min.js",
        "581ed7d74bd9048d0e3a91363927d72ef22942d7722546b27f7cc29e35390eb8",
    ),
    SEARCH_WITHOUT_SERVER: (
        "iframe-worker@1.0.4",
        "package/shim/index.js",
        "e8e412dbcfea9b7e31b5ffa288d7b6035915e714c542f4176a0cdbe262fc9609",
    ),
}
"""Package, file in it, and its SHA-256."""


def build() -> Path:
    """Build the site in `.local/site` and return its front page.

    Raises:
        StackError: a script cannot be downloaded, or a page has an error; the message says which.
    """
    SCRIPTS.mkdir(parents=True, exist_ok=True)
    for name in _PACKAGES:
        if not (SCRIPTS / name).exists():
            with step(f"Download of {name}"):
                _download(name)
    with step("Build"):
        done = subprocess.run(
            [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"],
            cwd=ROOT,
            env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise StackError(done.stderr)
    return FOLDER / "site" / "index.html"


def _download(name: str) -> None:
    package, member, digest = _PACKAGES[name]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(  # noqa: S603 - fixed argv
            ["npm", "pack", "--silent", "--pack-destination", folder, package],  # noqa: S607 - the user's own
            capture_output=True,
            text=True,
            check=False,
        )
        archives = list(Path(folder).glob("*.tgz"))
        if done.returncode or not archives:
            raise StackError(
                f"npm cannot get {package}: does it reach its registry?\n{done.stderr}"
            )
        with tarfile.open(archives[0]) as archive:
            content = archive.extractfile(member) or io.BytesIO()
            script = content.read()
    if hashlib.sha256(script).hexdigest() != digest:
        raise StackError(f"{member} of {package} does not have the expected content")
    (SCRIPTS / name).write_bytes(script)
