"""The names on the pages exist: files, modules, functions, fields, settings, commands, options.

A page sets a name as code, in backticks. What such a name is, its form tells:

- `shared/log.py`, `web/src/theme/`: a file or a folder,
- `settings.PARTICLE_SECRETS`: something that a module of ours defines; the module is given by its
  last name, or by more of it,
- `KINDS` in `web/src/product/index.ts`: a name in that file,
- one word, such as `claimEpoch`, `device-offline`, `CALLS_PER_MINUTE`: the code uses it,
- `devices show DEVICE [--data]`, `make test`, `npm run check`: a command with its options.

What is not ours, and what a page makes up as an example, is listed below with the reason.
"""

import ast
import dataclasses
import functools
import importlib.util
import io
import json
import re
import shlex
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
import typer.main

from admin.app import app
from docs_tools.pages import DOCS, code_spans, pages
from local.runs import ROOT
from shared import settings
from shared.firestore import paths

NOT_OURS = {
    "Build failed": "said by Cloud Build",
    "DEADLINE_EXCEEDED": "a gRPC status",
    "FAILED_PRECONDITION": "a gRPC status",
    "PERMISSION_DENIED": "a gRPC status",
    "delivery_attempt": "a field of Pub/Sub's messages",
    "firebase-debug.log": "written by the Firebase CLI",
    "firestore-debug.log": "written by the emulator",
    "pubsub-debug.log": "written by the emulator",
    "node_modules/": "made by npm",
    "oauth2-server": "a package that Particle uses",
    "loc-enhanced": "an event of Particle's trackers",
    "particle subscribe": "a command of Particle's own command line",
    "mk --force": "bq's",
    "--force": "of the Firebase CLI",
}
"""Names of others on several pages."""
EXAMPLES = {
    ".env.ID": "of the reader's project",
    ".env.acme-live": "of the reader's project",
    ".env.acme-staging": "of the reader's project",
    ".env.local": "the reader's own",
    ".env.staging": "of the reader's project",
    ".firebaserc": "the reader's own",
    ".local/demo-…/": "made by a run",
    ".local/setup/": "made by the set-up",
    ".local/site": "made by `make docs`",
    ".local/site/index.html": "made by `make docs`",
    "emulators.log": "written by a run",
    "simulator.log": "written by a run",
    "schedules.log": "written by a run",
    "mailbox.log": "written by a run",
    "SMTPAuthenticationError": "of the standard library",
    "SMTPSenderRefused": "of the standard library",
    "SMTPNotSupportedError": "of the standard library",
    "SMTPServerDisconnected": "of the standard library",
    "SSLCertVerificationError": "of the standard library",
    "gaierror": "of the standard library",
    "ConnectionRefusedError": "of the standard library",
    "offer.json": "the reader writes it",
    "telemetry.json": "the reader writes it",
    "req_id": "a field of the reader's events",
    "functions/latest_value.py": "the reader writes it",
    "web/src/product/kinds/lamp.ts": "the reader writes it",
    "dist/": "made by the build",
    "web/dist/": "made by the build",
    "web/dist": "made by the build",
    "refused.csv": "written by the import",
    "codes.csv": "written by the operator's command line",
    "PT-1001": "a serial number",
    "AUTH": "a variable of the page's commands",
    "FIRESTORE": "a variable of the page's commands",
    "FUNCTIONS": "a variable of the page's commands",
}
"""Names that a page makes up, or that exist later only."""
PAGES_OF_OTHERS_NAMES = {"calling.md": "packages of the mobile SDKs"}
"""Pages with single words that are mostly not ours."""
NOT_MODULES = {
    "particle.status": "a field of `users/{uid}`",
    "particle.mode": "a field of `users/{uid}`",
}
"""What looks like a name in a module of ours."""
OTHER_PROGRAMS = ("bq", "firebase", "gcloud", "git", "curl", "npm", "tools/node_modules")

_PAGES = pages()
_TEXTS = {page: page.read_text(encoding="utf-8") for page in _PAGES}
_LIST_FILES = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
_FILES = subprocess.run(  # noqa: S603 - fixed argv
    _LIST_FILES, cwd=ROOT, capture_output=True, text=True, check=True
).stdout.splitlines()
_PATH = re.compile(r"[\w.<>…-]+(?:/[\w.<>…-]+)*/?")
_SUFFIXES = (
    *(".py", ".ts", ".tsx", ".cjs", ".md", ".json", ".toml", ".yml"),
    *(".sh", ".rules", ".csv", ".log", ".in", ".txt"),
)
_FOLDERS = {name.split("/")[0] for name in _FILES if "/" in name}
_WORD = re.compile(r"[A-Za-z_][\w-]*")
_IN_A_FILE = re.compile(r"`([\w.]+)`(?: and `(\w+)`)? (?:in|of) `([\w./-]+\.\w+)`")
_DOTTED = re.compile(r"([a-z_]+(?:\.[a-z_]+)*)\.(\w+)(?:\(.*\))?")
_MAKE = re.compile(r"\bmake ([a-z]+)\b")
_ADMIN = re.compile(r"python -m admin\b([^\n|;&)]*)")
_DEPLOY = re.compile(r"\./deploy\.sh\b([^\n|;&)]*)")
_MODULE = re.compile(r"python -m ([\w.]+)")
_NPM = re.compile(r"npm (?:--prefix web )?run ([\w:]+)")


def _is_listed(span: str) -> bool:
    return span in NOT_OURS or span in EXAMPLES


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_exist(page: Path) -> None:
    near = [ROOT, page.parent, page.parent / "src", ROOT / page.stem]
    names = {Path(name).name for name in _FILES}
    for span in code_spans(page):
        if not _PATH.fullmatch(span) or _is_listed(span) or "<" in span:
            continue
        is_path = span.endswith(_SUFFIXES) or (
            "/" in span and span.split("/", maxsplit=1)[0] in _FOLDERS
        )
        if is_path and not span.endswith("…"):
            there = span in names or any((folder / span).exists() for folder in near)
            assert there or _is_firestore(span), f"there is no `{span}`"


def _is_firestore(path: str) -> bool:
    """Whether this is a document's path: a collection, and no folder of ours is meant."""
    return path.split("/", maxsplit=1)[0] in _collections() and "." not in path


@functools.cache
def _collections() -> set[str]:
    return {value for name, value in vars(paths).items() if name.isupper() and name[0] != "_"}


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_words_are_used_by_the_code(page: Path) -> None:
    if page.name in PAGES_OF_OTHERS_NAMES:
        return
    for span in code_spans(page):
        word = span.partition("=")[0].removesuffix("?").removesuffix("()")
        if not _WORD.fullmatch(word) or _is_listed(word):
            continue
        assert not word.startswith("_") or word.endswith("__"), (
            f"`{word}` is private: pages name what is public"
        )
        if page.name == "simulator.md" and word in _words_of_particle_api_js():
            continue
        assert word in _words_of_the_code(), f"no code uses `{word}`"


@functools.cache
def _words_of_the_code() -> set[str]:
    """All words of the sources but for comments, docstrings, and what only speaks of the pages."""
    found: set[str] = set()
    for name in _FILES:
        path = ROOT / name
        is_text = path.suffix not in {".md", ".png", ".svg", ".txt"} and "lock" not in path.name
        if name.startswith(("docs/", "docs_tools/", "tests/docs/")) or not is_text:
            continue
        found |= {*path.relative_to(ROOT).parts, path.stem}
        text = path.read_text(encoding="utf-8")
        code = " ".join(_code(text)) if path.suffix == ".py" else text
        found |= {*re.findall(r"[\w-]+", code), *re.findall(r"\w+", code)}
    return found


def _code(text: str) -> Iterator[str]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.NAME or not token.string.startswith(('"""', "#")):
            yield token.string


@functools.cache
def _words_of_particle_api_js() -> set[str]:
    """The names of Particle's JavaScript client, which the simulator's page goes through."""
    source = ROOT / "tools/node_modules/particle-api-js/lib/src/Particle.js"
    return set(re.findall(r"\w+", source.read_text(encoding="utf-8")))


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_dotted_names_are_defined(page: Path) -> None:
    for span in code_spans(page):
        found = _DOTTED.fullmatch(span.removeprefix("secrets="))
        if not found or span in NOT_MODULES or _is_listed(span):
            continue
        module, name = found.groups()
        meant = [m for m in _modules() if f".{m}".endswith(f".{module}")]
        if not meant or span.endswith(_SUFFIXES):
            continue  # no module of ours
        is_module = any(m == span or m.endswith(f".{span}") for m in _modules())
        assert is_module or any(name in _defined(m) for m in meant), f"nothing is called `{span}`"


@functools.cache
def _modules() -> dict[str, Path]:
    packages = ("admin", "benchmarks", "docs_tools", "functions", "local", "shared", "simulator")
    files = [ROOT / name for name in _FILES if name.endswith(".py")]
    return {
        ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file
        for file in files
        if file.exists() and file.relative_to(ROOT).parts[0] in (*packages, "main.py")
    }


@functools.cache
def _defined(module: str) -> set[str]:
    """The names at a module's top level, the ones that it hands on included."""
    found: set[str] = set()
    for node in ast.parse(_modules()[module].read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.ImportFrom | ast.Import):
            found |= {name.asname or name.name for name in node.names}
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found


def test_what_is_in_a_file_is_in_it() -> None:
    for page, text in _TEXTS.items():
        for first, second, file in _IN_A_FILE.findall(text):
            source = next((f for f in (ROOT / file, page.parent / file) if f.exists()), None)
            if source is None or file in EXAMPLES:
                continue  # test_files_exist says so
            words = set(re.findall(r"[\w.]+", source.read_text(encoding="utf-8")))
            missing = {name for name in (first, second) if name} - words
            assert not missing, f"{page.relative_to(ROOT)}: {file} has no {missing}"


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    for page, line in _commands():
        told = set(_MAKE.findall(line)) if re.match(r"(\w+=\S+ )*make ", line) else set()
        assert told <= targets, f"{page.relative_to(ROOT)}: {told - targets}"


def _commands() -> Iterator[tuple[Path, str]]:
    """Lines that a reader may type: of code blocks, and in backticks."""
    for page, text in _TEXTS.items():
        fenced = re.findall(r"^```(?:sh|bash|shell)?\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        for line in [*"\n".join(fenced).splitlines(), *code_spans(page)]:
            yield page, line.strip()


def test_scripts_of_the_web_app_exist() -> None:
    scripts = set(json.loads((ROOT / "web/package.json").read_text())["scripts"])
    for page, text in _TEXTS.items():
        told = set(_NPM.findall(text))
        assert told <= scripts, f"{page.relative_to(ROOT)}: {told - scripts}"


def test_modules_that_are_run_exist() -> None:
    for page, text in _TEXTS.items():
        for module in _MODULE.findall(text):
            found = importlib.util.find_spec(f"{module.rstrip('.')}.__main__")
            assert found, f"{page.relative_to(ROOT)}: python -m {module}"


def test_operator_commands_exist() -> None:
    """Every command is one, and its options are that command's."""
    root = typer.main.get_command(app)
    groups: set[str] = set(root.commands)  # type: ignore[attr-defined]
    for page, text in _TEXTS.items():
        lines = _ADMIN.findall(text)
        for span in code_spans(page):
            words = span.removeprefix("admin ").split()
            if span in NOT_OURS:
                continue
            if len(words) > 1 and words[0] in groups and re.match(r"[a-z-]+$|\W", words[1]):
                lines.append(" ".join(words))
        for line in lines:
            command, options = _named(root, _words(line))
            known = {o for p in command.params for o in [*p.opts, *p.secondary_opts]}
            known |= {"--local", "--project", "--json", "--help"}
            assert options <= known, f"{page.relative_to(ROOT)}: {line}: {options - known}"


def _words(line: str) -> list[str]:
    line = re.split(r"[`…#]|\s{2,}|\|", re.sub(r"[\[\]]", "", line))[0].strip().rstrip(".,:;")
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
    known = _help("./deploy.sh")
    for page, text in _TEXTS.items():
        for line in _DEPLOY.findall(text):
            unknown = set(re.findall(r"--[a-z-]+", line.split("`")[0])) - known
            assert not unknown, f"{page.relative_to(ROOT)}: {unknown}"


def test_options_in_backticks_exist() -> None:
    """Of any of our commands, for a page names them without their command."""
    known = _help("./deploy.sh") | _help(sys.executable, "-m", "simulator")
    known |= _help(sys.executable, "-m", "benchmarks") | _help(
        sys.executable, "-m", "local", "demo"
    )
    known |= _help(sys.executable, "-m", "docs_tools")
    known |= {"--project", "--local", "--json", "--help"} | _options(typer.main.get_command(app))
    for page in _PAGES:
        for span in code_spans(page):
            if span.startswith(OTHER_PROGRAMS) or _is_listed(span):
                continue
            unknown = set(re.findall(r"(?:^|[ \[])(--[a-z][a-z-]+)", span)) - known
            assert not unknown, f"{page.relative_to(ROOT)}: `{span}`"


def _options(command: object) -> set[str]:
    found = {option for p in getattr(command, "params", []) for option in p.opts}
    found |= {option for p in getattr(command, "params", []) for option in p.secondary_opts}
    return found.union(*map(_options, getattr(command, "commands", {}).values()))


@functools.cache
def _help(*command: str) -> set[str]:
    done = subprocess.run(  # noqa: S603 - fixed argv
        [*command, "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(re.findall(r"--[a-z][a-z-]+", done.stdout))


def test_every_collection_and_setting_is_described() -> None:
    data_model = (DOCS / "data-model.md").read_text(encoding="utf-8")
    assert {name for name in _collections() if name not in data_model} == set()
    settings = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env").read_text(), re.MULTILINE))
    everything = "".join(_TEXTS.values())
    assert {name for name in settings if name not in everything} == set()


def test_settings_that_pages_name_exist() -> None:
    """A value that is set with `=` on a page is one that something of ours reads."""
    known = set(re.findall(r"^#? ?([A-Z_]+)=", (ROOT / ".env").read_text(), re.MULTILINE))
    known |= set(re.findall(r"\"([A-Z_]{5,})\"", (ROOT / "shared/settings.py").read_text()))
    known |= set(re.findall(r"\bVITE_[A-Z_]+", (ROOT / "web/src/vite-env.d.ts").read_text()))
    for page, text in _TEXTS.items():
        told = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)=[^`]*`", text))
        assert told <= known, f"{page.relative_to(ROOT)}: {told - known}"


def test_the_architecture_lists_every_package() -> None:
    spans = set(code_spans(DOCS / "architecture.md"))
    packages = {
        f"{Path(name).parent}/"
        for name in _FILES
        if re.match(r"(shared|admin|simulator)/.+/__init__\.py$", name)
    }
    assert packages - spans == set(), "give each package a line"


def test_the_architecture_has_the_durations_of_the_code() -> None:
    text = _TEXTS[DOCS / "architecture.md"]
    rows = re.findall(r"^\| `(\w+)\.(\w+)` \| ([\d., s]+) \|", text, re.MULTILINE)
    durations = {
        name
        for name, value in vars(settings).items()
        if name.isupper() and name[0] != "_" and isinstance(value, int | float)
    } - {"CONCURRENCY", "MAX_RETENTION_DAYS"}
    assert durations == {name for module, name, _ in rows if module == "settings"}
    for module, name, told in rows:
        (found,) = (m for m in _modules() if re.fullmatch(rf"shared\.(?:\w+\.)*{module}", m))
        value = getattr(importlib.import_module(found), name)
        if isinstance(value, type):
            value = value()
        parts = dataclasses.astuple(value) if hasattr(value, "__dataclass_fields__") else (value,)
        seconds = ", ".join(f"{float(part):.10g} s" for part in parts)
        assert told == seconds, f"{module}.{name}"
