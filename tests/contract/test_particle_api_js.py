"""The official JavaScript client against the simulator, method by method.

Nobody here wrote `particle-api-js`: what it can do with the simulator is what the simulator really
speaks. The table in docs/simulator.md lists all its methods, and is checked here.
"""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from simulator.settings import Settings

ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name("particle_api_js.cjs")
DOCS = ROOT / "docs" / "simulator.md"
TABLE = re.compile(r"<!-- particle-api-js:begin -->\n(.*)<!-- particle-api-js:end -->", re.DOTALL)


def documented() -> dict[str, str]:
    """Outcome by method, as the documentation promises it."""
    table = TABLE.search(DOCS.read_text(encoding="utf-8"))
    assert table, "docs/simulator.md has no table of methods"
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \|$", table[1], re.MULTILINE)
    return dict(rows)


@pytest.fixture(scope="module")
def outcomes(simulator_url: str) -> dict[str, dict[str, str]]:
    """What the script reports, by method."""
    node = shutil.which("node")
    assert node, "Node.js is needed"
    settings = Settings()
    context = {
        "product": settings.product,
        "clientId": settings.client_id,
        "clientSecret": settings.client_secret,
        "username": settings.username,
        "password": settings.password,
    }
    run = subprocess.run(  # noqa: S603 - our own script
        [node, str(SCRIPT), simulator_url],
        capture_output=True,
        check=False,
        cwd=ROOT,
        env={
            **os.environ,
            "NODE_PATH": str(ROOT / "tools" / "node_modules"),
            "SIMULATOR": json.dumps(context),
        },
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    reports = [json.loads(line) for line in run.stdout.splitlines()]
    return {report["method"]: report for report in reports}


def test_table_lists_every_method_of_the_package(outcomes: dict[str, dict[str, str]]) -> None:
    assert sorted(documented()) == sorted(outcomes)


@pytest.mark.parametrize(("method", "promised"), documented().items())
def test_method(outcomes: dict[str, dict[str, str]], method: str, promised: str) -> None:
    report = outcomes[method]
    assert report["outcome"] == promised, report.get("detail")
