"""The simulator's tables of resources and of its state."""

import ast
from pathlib import Path

from simulator.api.resources import RESOURCES
from simulator.world.state import State

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "simulator"


def modules() -> dict[str, ast.Module]:
    """The simulator's modules by name, without the package itself, which imports nothing."""
    files = [path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py"]
    names = {path: ".".join(path.relative_to(ROOT).with_suffix("").parts) for path in files}
    return {name.removesuffix(".__init__"): ast.parse(p.read_text()) for p, name in names.items()}


def test_every_resource_is_in_the_table() -> None:
    with_routes = {
        name
        for name, tree in modules().items()
        if name.startswith("simulator.api.") and "routes = Routes()" in ast.unparse(tree)
    }
    assert with_routes == {resource.__name__ for resource in RESOURCES}


def test_every_table_is_in_the_state() -> None:
    folder = PACKAGE / "world" / "state"
    files = {path.stem for path in folder.glob("*.py")} - {"__init__", "table"}
    assert {table.name for table in State().tables} == files
