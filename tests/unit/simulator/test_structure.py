"""The simulator's layers, and its tables of resources."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

from simulator.api.resources import RESOURCES
from simulator.world.state import State

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "simulator"
# A module imports only from its own layer and from those below it.
LAYERS = (
    ("__main__",),
    ("server",),
    ("app",),
    ("control",),
    ("journal", "ratelimits"),
    ("api",),
    ("world",),
    ("settings",),
)
LEVELS = {name: level for level, names in enumerate(LAYERS) for name in names}


def modules() -> dict[str, ast.Module]:
    """The simulator's modules by name, without the package itself, which imports nothing."""
    files = [path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py"]
    names = {path: ".".join(path.relative_to(ROOT).with_suffix("").parts) for path in files}
    return {name.removesuffix(".__init__"): ast.parse(p.read_text()) for p, name in names.items()}


def imported(tree: ast.Module, known: set[str]) -> Iterator[tuple[str, str]]:
    """The modules of the simulator that a module imports anywhere, and the names it takes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert node.module
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield (whole if whole in known else node.module), alias.name
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, alias.name


def test_imports_go_down_without_circles_and_take_no_private_names() -> None:
    trees = modules()
    graph: dict[str, set[str]] = {}
    for name, tree in trees.items():
        found = [one for one in imported(tree, set(trees)) if one[0].startswith("simulator.")]
        graph[name] = {target for target, _ in found}
        layer = name.split(".")[1]
        for target, taken in found:
            below = target.split(".")[1]
            assert below == layer or LEVELS[below] > LEVELS[layer], f"{name} imports {target}"
            assert not taken.startswith("_"), f"{name} imports {taken} from {target}"
    TopologicalSorter(graph).prepare()


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
