"""Imports: downwards between the packages, without a circle, and of public names only."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

from local.runs import ROOT

CONFIGURATION = ROOT / "pyproject.toml"
PACKAGES: list[str] = tomllib.loads(CONFIGURATION.read_text())["tool"]["importlinter"][
    "root_packages"
]
FILES = [ROOT / "main.py", *(file for name in PACKAGES for file in (ROOT / name).rglob("*.py"))]
MODULES = {
    ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): ".".join(
        file.relative_to(ROOT).parent.parts
    )
    for file in FILES
}
"""Each module's package."""


def test_imports_go_downwards_without_a_circle(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The contracts in `pyproject.toml`; the output says what to do about a broken one."""
    monkeypatch.chdir(ROOT)
    status = lint_imports(config_filename=str(CONFIGURATION), no_cache=True, no_logo=True)
    assert status == 0, capsys.readouterr().out


def test_every_package_of_the_product_has_contracts() -> None:
    with_code = {file.parent.name for file in ROOT.glob("*/__init__.py")}
    assert sorted(with_code) == PACKAGES


def test_no_private_name_is_used_outside_its_package() -> None:
    found = [found for file in FILES for found in private_uses(file.read_text(), file)]
    assert not found, (
        "A name that begins with _ belongs to its package. Give it a public name and a docstring "
        "where others need it, or move what needs it:\n" + "\n".join(found)
    )


@pytest.mark.parametrize(
    "line",
    [
        "from shared.particle.client import _Session",
        "from shared.particle import client; client._session()",
        "from shared.particle import client as c\ndef f(): return c._session()",
        "import shared.particle.client as c; c._session()",
        "import shared.particle.client; shared.particle.client._session()",
        "def f():\n    from shared.particle.client import _Session",
    ],
)
def test_a_private_use_is_seen(line: str) -> None:
    assert list(private_uses(line, ROOT / "admin/app.py"))
    assert not list(private_uses(line, ROOT / "shared/particle/tokens.py"))


def private_uses(code: str, file: Path) -> Iterator[str]:
    """Uses in this file of private names that belong to another package of the product."""
    tree = ast.parse(code)
    here = ".".join(file.relative_to(ROOT).parent.parts)
    known: dict[str, str] = {}
    """Modules of the product, by the expression that names them in this file."""
    used: list[tuple[int, str, str]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            known |= {name.asname or name.name: name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            for name in node.names:
                known[name.asname or name.name] = f"{module}.{name.name}"
                used.append((node.lineno, module, name.name))
    for node in ast.walk(tree):
        owner = known.get(ast.unparse(node.value)) if isinstance(node, ast.Attribute) else None
        if isinstance(node, ast.Attribute) and owner:
            used.append((node.lineno, owner, node.attr))
    for line, module, attribute in used:
        private = attribute.startswith("_") and not attribute.endswith("__")
        if private and MODULES.get(module, here) != here:
            yield f"{file.relative_to(ROOT)}:{line}: {module}.{attribute}"
