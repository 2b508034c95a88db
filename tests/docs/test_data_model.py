"""Every collection has an end, and the page about the data model says which."""

import json
import re

import main
from docs_tools.pages import DOCS
from local.runs import ROOT
from shared.firestore import paths

STAY = {"devices", "devices/presence", "serialNumbers", "shadowCustomers", "deletedUsers"}
"""These have at most one document for each device or customer, or for the name of one."""


def collections(text: str, row: str) -> dict[str, str]:
    """What a table says of each collection; `row` matches a path of documents, and that."""
    found = re.findall(row, text, re.MULTILINE)
    return {"/".join(path.split("/")[::2]): said.strip("`") for path, said in found}


def ends() -> dict[str, str]:
    """What deletes a collection's documents, by the page."""
    text = (DOCS / "data-model.md").read_text(encoding="utf-8")
    section = text.partition("\n## How long documents are kept\n")[2].partition("\n## ")[0]
    return collections(section, r"^\| `([^`]+)` \| ([^|]+) \| [^|]+ \|$")


def test_every_collection_has_an_end() -> None:
    listed = collections(paths.__doc__ or "", r"^ {4}(\w+/.+?) {2,}(.+)$")
    assert set(ends()) == set(listed), "docs/data-model.md, shared/firestore/paths.py: list both"
    constants = {v for name, v in vars(paths).items() if name.isupper() and name[0] != "_"}
    assert {part for path in listed for part in path.split("/")} == constants


def test_the_end_is_as_the_page_says() -> None:
    overrides = json.loads((ROOT / "firestore.indexes.json").read_text())["fieldOverrides"]
    policies = {override["collectionGroup"] for override in overrides if override.get("ttl")}
    said = {path.rpartition("/")[2] for path, end in ends().items() if end == "TTL"}
    assert said == policies
    assert {path for path, end in ends().items() if end == "stay"} == STAY
    jobs = {end for end in ends().values() if end not in {"TTL", "stay"}}
    assert jobs <= set(main.FUNCTIONS)
