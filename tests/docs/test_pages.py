"""The pages build, their links lead somewhere, and their code can be parsed."""

import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest

from docs_tools.pages import Block, blocks, links, pages
from docs_tools.pages import anchors as anchors_of
from local.runs import ROOT

_BLOCKS = [block for page in pages() for block in blocks(page)]
_PARSED = [block for block in _BLOCKS if block.mark != "not run"]
_SHELL = [block for block in _PARSED if block.language in {"sh", "bash", "shell"}]
_ARROWS = r"(?:<<)?--?(?:>>|>|x|\))[+-]?"
_SEQUENCE = re.compile(
    r"(?:"
    r"autonumber|end|"
    r"(?:participant|actor) \w+(?: as .+)?|"
    rf"\w+{_ARROWS}\w+: .+|"
    r"Note (?:over \w+(?:,\w+)?|(?:left|right) of \w+): .+|"
    r"(?:alt|else|opt|loop|par|and|critical|option|break|rect)(?: .+)?"
    r")"
)


def test_the_site_builds(tmp_path: Path) -> None:
    """Strictly: a link to a page or heading that is not there is an error, and so is an orphan."""
    done = subprocess.run(  # noqa: S603 - fixed argv
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", tmp_path],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    front = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "getting-started.html" in front
    function = (tmp_path / "functions" / "claim_device.html").read_text(encoding="utf-8")
    assert "tabbed-set" in function, "examples are shown as tabs"
    assert 'class="mermaid"' in (tmp_path / "concepts.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """As GitHub reads them: relative to the page, with GitHub's names of headings."""
    for link in links(page):
        if link.target.startswith(("https://", "http://127.0.0.1", "mailto:")):
            continue
        path, _, anchor = unquote(link.target).partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.is_relative_to(ROOT), link
        assert target.exists(), link
        if anchor and target.suffix == ".md":
            assert anchor in anchors_of(target), link


def _run(command: list[str], text: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - fixed argv, and a page's text as input
        command, input=text, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("block", _SHELL, ids=str)
def test_shell_parses(block: Block) -> None:
    done = _run(["bash", "-n"], block.text)
    assert done.returncode == 0, f"{block}\n{done.stderr}"


@pytest.mark.parametrize(
    "block", [b for b in _PARSED if b.language in {"js", "javascript"}], ids=str
)
def test_javascript_parses(block: Block) -> None:
    done = _run(["node", "--check", "--input-type=module", "-"], block.text)
    assert done.returncode == 0, f"{block}\n{done.stderr}"


@pytest.mark.parametrize("block", [b for b in _PARSED if b.language == "python"], ids=str)
def test_python_parses(block: Block) -> None:
    compile(block.text, str(block), "exec")


@pytest.mark.parametrize("block", [b for b in _BLOCKS if b.language == "mermaid"], ids=str)
def test_sequence_diagrams_keep_to_the_grammar(block: Block) -> None:
    kind, *lines = [line.strip() for line in block.text.splitlines() if line.strip()]
    if kind != "sequenceDiagram":
        assert kind.split()[0] in {"flowchart", "stateDiagram-v2"}, block
        return
    named = {m[1] for line in lines if (m := re.match(r"(?:participant|actor) (\w+)", line))}
    for line in lines:
        assert _SEQUENCE.fullmatch(line), f"{block}: {line}"
        if sent := re.match(rf"(\w+){_ARROWS}(\w+):", line):
            assert set(sent.groups()) <= named, f"{block}: {line}"
    opened = sum(bool(re.match(r"(alt|opt|loop|par|critical|break|rect)\b", li)) for li in lines)
    assert opened == lines.count("end"), block


def test_what_is_not_run_says_why() -> None:
    for block in _BLOCKS:
        assert block.mark != "not run" or len(block.note.split()) > 2, block
