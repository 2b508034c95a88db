"""The page about security names tests that exist."""

import ast
import re

from docs_tools.pages import DOCS
from local.runs import ROOT

TEXT = (DOCS / "security.md").read_text(encoding="utf-8")


def test_every_threat_has_a_test_that_exists() -> None:
    section = TEXT.partition("## Threats")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (?!Somebody|-).*\|$", section, re.MULTILINE)
    assert len(rows) > 20
    for row in rows:
        named = re.findall(r"`(tests/\S+\.py)::(\w+)`", row)
        assert named, row
        for file, name in named:
            tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
            there = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
            assert name in there, f"{file}::{name}"
