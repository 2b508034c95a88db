"""The pages: they build, their links lead somewhere, and what they tell to type exists."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest
import typer
import typer.main

from admin.app import app
from docs_tools.pages import Block, blocks, links, pages
from docs_tools.pages import anchors as anchors_of
from local.runs import ROOT
from shared.firestore import paths

_BLOCKS = [block for page in pages() for block in blocks(page)]
_PARSED = [block for block in _BLOCKS if block.mark != "not run"]
_SHELL = [block for block in _PARSED if block.language in {"sh", "bash", "shell"}]
_MAKE = re.compile(r"^(?:@?\w+=\S+ )*make ([a-z]+)\b", re.MULTILINE)
_ADMIN = re.compile(r"python -m admin\b([^\n|;&)]*)")
_DEPLOY = re.compile(r"\./deploy\.sh\b([^\n|;&)]*)")
_LOCAL = re.compile(r"python -m (local(?:\.docs)?)\b ([a-z-]+)")
_NPM = re.compile(r"npm (?:--prefix web )?run ([\w:]+)")
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


def _text_of_pages() -> list[tuple[Path, str]]:
    return [(page, page.read_text(encoding="utf-8")) for page in pages()]


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    for page, text in _text_of_pages():
        told = set(re.findall(r"`make ([a-z]+)`", text))
        told |= {name for b in blocks(page) if b in _SHELL for name in _MAKE.findall(b.text)}
        assert told <= targets, f"{page.relative_to(ROOT)}: {told - targets}"


def test_operator_commands_exist() -> None:
    """Every `python -m admin …` on a page is a command, and its options are that command's."""
    for page, text in _text_of_pages():
        for line in _ADMIN.findall(text):
            command, options = _named(typer.main.get_command(app), _words(line))
            known = {o for p in command.params for o in [*p.opts, *p.secondary_opts]}
            known |= {"--local", "--project", "--json", "--help"}
            assert options <= known, f"{page.relative_to(ROOT)}: python -m admin{line}"


def _words(line: str) -> list[str]:
    line = re.split(r"[`…#]|\s{2,}|\|", line)[0].strip().rstrip(".,:;")
    try:
        return shlex.split(line)
    except ValueError:
        return line.split()


def _named(command: object, words: list[str]) -> tuple[typer.core.TyperCommand, set[str]]:
    """The command that the words name, as far as they go, and the options among them."""
    options: set[str] = set()
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word.startswith("--"):
            options.add(word.split("=")[0])
            skip = word == "--project"
        elif hasattr(command, "commands"):
            assert word in command.commands, f"python -m admin {' '.join(words)}: no {word}"
            command = command.commands[word]
    return command, options  # type: ignore[return-value]


def test_options_of_the_deployment_exist() -> None:
    done = subprocess.run(
        ["./deploy.sh", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for page, text in _text_of_pages():
        for line in _DEPLOY.findall(text):
            told = set(re.findall(r"--[a-z-]+", line.split("`")[0]))
            unknown = {option for option in told if option not in done.stdout}
            assert not unknown, f"{page.relative_to(ROOT)}: {unknown}"


def test_every_collection_and_setting_is_described() -> None:
    data_model = (ROOT / "docs" / "data-model.md").read_text(encoding="utf-8")
    collections = {value for name, value in vars(paths).items() if name.isupper()}
    assert {name for name in collections if name not in data_model} == set()
    settings = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env").read_text(), re.MULTILINE))
    everything = "".join(text for _, text in _text_of_pages())
    assert {name for name in settings if name not in everything} == set()


def test_settings_that_pages_name_exist() -> None:
    known = set(re.findall(r"\b[A-Z][A-Z_]{5,}\b", (ROOT / ".env").read_text(encoding="utf-8")))
    known |= set(re.findall(r"\"([A-Z_]{5,})\"", (ROOT / "shared/settings.py").read_text()))
    for page in (ROOT / "docs" / name for name in ("customising.md", "scaling.md", "concepts.md")):
        told = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)(?:=\S*)?`", page.read_text(encoding="utf-8")))
        assert told <= known, f"{page.name}: {told - known}"
