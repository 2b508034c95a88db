"""Commands that are imported only when they run or their own help is asked for.

The clients of Google that most commands import take longer to load than everything else together;
a list of commands must not wait for them.
"""

import importlib
from collections import UserDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

import typer.main
from typer.core import TyperGroup


@dataclass(frozen=True)
class Command:
    """A command that is not imported yet.

    Attributes:
        module: where its function is, in `admin.commands`.
        help: the first line of the function's docstring, for the list of commands.
        function: the function's name; by default the command's.
    """

    module: str
    help: str
    function: str = ""

    def load(self, name: str) -> Any:
        """Import the command."""
        module = importlib.import_module(f"admin.commands.{self.module}")
        alone = typer.Typer(add_completion=False, rich_markup_mode=None)
        alone.command(name)(getattr(module, self.function or name))
        return typer.main.get_command(alone)


@dataclass(frozen=True)
class Group:
    """Commands under a common name."""

    help: str
    commands: "Table"

    def load(self, name: str) -> TyperGroup:
        """Make the group; imports none of its commands."""
        return LazyGroup.of(self.commands)(
            name=name, help=self.help, no_args_is_help=True, rich_markup_mode=None
        )


Table: TypeAlias = Mapping[str, Command | Group]


class _Commands(UserDict[str, Any]):
    """A table's commands by name, each loaded when it is first looked up."""

    def __getitem__(self, name: str) -> Any:
        entry = super().__getitem__(name)
        if isinstance(entry, Command | Group):
            entry = self.data[name] = entry.load(name)
        return entry


class LazyGroup(TyperGroup):
    """A group of the commands in its table, listed in the table's order with the table's texts."""

    table: ClassVar[Table] = {}

    @classmethod
    def of(cls, table: Table) -> type[TyperGroup]:
        """The class of a group with this table, as Typer's `cls`."""
        return type(cls.__name__, (cls,), {"table": table})

    def __init__(self, **attributes: Any) -> None:
        """As Typer calls it."""
        super().__init__(**attributes)
        self.commands = _Commands(self.table)

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - click's signature
        """The names, without importing what they name."""
        return list(self.table)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - click's signature
        """Write the list of commands, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in self.table.items()])
