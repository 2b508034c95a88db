"""The pages as data: their links, headings and code blocks.

A comment in the line before a code block says what becomes of it:

- `<!-- try -->`: the block is run, in the page's order, when the page is tried,
- `<!-- answers -->`: the block before it must print this,
- `<!-- not run: REASON -->`: the block is not checked at all.

All other blocks are parsed, and the commands in them must exist.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from local.runs import ROOT

DOCS: Final = ROOT / "docs"

_MARK: Final = re.compile(r"<!-- (try|answers|not run)(?:: ?([^>]*?))? -->")
_PARSER: Final = MarkdownIt("commonmark").enable("table")
_NOT_IN_A_SLUG: Final = re.compile(r"[^\w\- ]")


@dataclass(frozen=True)
class Block:
    """A code block of a page."""

    page: Path
    line: int
    language: str
    text: str
    mark: str
    """`try`, `answers`, `not run` or empty."""
    note: str
    """The text after the colon of the mark."""

    def __str__(self) -> str:
        """The place of the block, for messages."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"


@dataclass(frozen=True)
class Link:
    """A link or a picture of a page."""

    page: Path
    target: str

    def __str__(self) -> str:
        """The place of the link and its target, for messages."""
        return f"{self.page.relative_to(ROOT)} -> {self.target}"


def pages() -> list[Path]:
    """Every page: those of `docs/` and the README files beside the code."""
    others = [ROOT / "README.md", ROOT / "web" / "README.md", ROOT / "tests/events/README.md"]
    return [*sorted(DOCS.rglob("*.md")), *others]


def blocks(page: Path) -> Iterator[Block]:
    """The fenced code blocks of a page, in order."""
    before: Token | None = None
    for token in _PARSER.parse(page.read_text(encoding="utf-8")):
        if token.type == "fence":
            found = _MARK.search(before.content) if before and before.type == "html_block" else None
            mark, note = found.groups("") if found else ("", "")
            line = token.map[0] + 1 if token.map else 0
            yield Block(page, line, token.info.strip(), token.content, mark, note)
        before = token


def code_spans(page: Path) -> Iterator[str]:
    """What a page's text and tables set as code: the names, paths and commands in backticks."""
    for token in _PARSER.parse(page.read_text(encoding="utf-8")):
        yield from (part.content for part in token.children or [] if part.type == "code_inline")


def links(page: Path) -> Iterator[Link]:
    """The links and pictures of a page."""
    for token in _PARSER.parse(page.read_text(encoding="utf-8")):
        for part in token.children or []:
            target = part.attrGet("href") or part.attrGet("src")
            if target:
                yield Link(page, str(target))


def anchors(page: Path) -> set[str]:
    """The names of a page's headings, as GitHub makes them."""
    tokens = _PARSER.parse(page.read_text(encoding="utf-8"))
    headings = [
        tokens[number + 1] for number, token in enumerate(tokens) if token.type == "heading_open"
    ]
    texts = ("".join(p.content for p in h.children or []) for h in headings)
    return {_NOT_IN_A_SLUG.sub("", text.lower()).replace(" ", "-") for text in texts}
