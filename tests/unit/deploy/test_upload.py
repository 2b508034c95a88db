"""What the Firebase CLI packs of this folder: the functions, and nothing of the operator's."""

import json
import pathlib
import shutil
import subprocess

import pytest

from tests.unit.deploy.checkout import ROOT

WALK = """
const { readdirRecursive } = require("./tools/node_modules/firebase-tools/lib/fsAsync.js");
const [path, ignore] = process.argv.slice(1);
readdirRecursive({ path, ignoreStrings: JSON.parse(ignore) })
  .then((files) => console.log(JSON.stringify(files.map((file) => file.name))));
"""
"""The walk of `packageSource` in the CLI's deploy/functions/prepareFunctionsUpload.js."""

OPERATORS = (
    "stock.csv",
    "codes.csv",
    "labels.html",
    "refused.csv",
    "refused.jsonl",
    "acme",
    "notes.py",
    "exports/user.json",
    "shared/stock.csv",
    "functions/codes.csv",
    ".env",
    ".secret.local",
    "acme-key.json",
    "web/dist/index.html",
    "tests/unit/test_errors.py",
    "admin/functions/codes.csv",
    "admin/shared/access/codes.csv",
    "benchmarks/shared/ours.py",
)
"""What may lie in the folder of somebody who works with it."""


# A pattern with a folder in it is matched against the whole path, so above counts too.
@pytest.mark.parametrize("parent", ["product", "shared", "functions/shared"])
def test_only_what_the_functions_need_is_uploaded(tmp_path: pathlib.Path, parent: str) -> None:
    folder = tmp_path / parent
    skip = shutil.ignore_patterns("__pycache__")
    for package in ("functions", "shared"):
        shutil.copytree(ROOT / package, folder / package, ignore=skip)
    wanted = {str(path.relative_to(folder)) for path in folder.rglob("*.py")}
    for name in ("main.py", "requirements.txt", "offer.json", "telemetry.json"):
        (folder / name).touch()
        wanted.add(name)
    for name in OPERATORS:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    if parent.endswith("shared"):  # code, should there be any here; never what is not code
        wanted.add("notes.py")
    [functions] = json.loads((ROOT / "firebase.json").read_text())["functions"]
    done = subprocess.run(  # noqa: S603 - fixed argv
        ["node", "-e", WALK, folder, json.dumps(functions["ignore"])],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    packed = {str(pathlib.Path(name).relative_to(folder)) for name in json.loads(done.stdout)}
    assert packed == wanted, "a new folder of shared/ must be named in firebase.json"


@pytest.mark.parametrize("name", OPERATORS[:5])
def test_git_ignores_what_the_operators_commands_write(name: str) -> None:
    subprocess.run(["git", "check-ignore", "--quiet", name], cwd=ROOT, check=True)  # noqa: S603, S607
