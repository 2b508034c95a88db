"""What the product offers its customers: which functions and variables, with which arguments.

The file `offer.json` beside `main.py` lists them. Without the file, customers may use everything
that the firmware has. For example:

    {
      "maxArgumentBytes": 622,
      "functions": {
        "set_target": {"argument": "number", "minimum": 5, "maximum": 30},
        "set_mode": {"argument": "text", "pattern": "heat|off"},
        "reboot": {"argument": "none"}
      },
      "variables": ["target", "mode"]
    }

`argument` is `none`, `text` (with a `pattern` for the whole of it), `integer` or `number` (with
`minimum` and `maximum`). This holds for calls through this backend: an app with a token from
`mint_token` calls the device directly.
"""

import functools
import math
import re
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from shared import product_file
from shared.errors import BadRequest, NotAllowed
from shared.structs import prepared

FILE = Path(__file__).parents[2] / "offer.json"

GEN_2 = frozenset({6, 8, 10})
"""Platforms: Photon, P1, Electron."""
GEN_2_BYTES = 864
"""Bytes of UTF-8 that an argument has at most on Gen 2, with Device OS 3 and later (Device OS,
"Overview of API field limits")."""

Count = Annotated[int, msgspec.Meta(ge=0, le=1024)]


class Function(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What a function's argument may be."""

    argument: Literal["none", "text", "integer", "number"] = "text"
    minimum: float = -math.inf
    maximum: float = math.inf
    pattern: str | None = None

    def __post_init__(self) -> None:
        """Raise `ValueError` for a pattern that is none."""
        try:
            re.compile(self.pattern or "")
        except re.error as failure:
            raise ValueError(f"`pattern` is no regular expression: {failure}") from failure

    def accepts(self, argument: str) -> bool:
        """Whether the argument follows the rules."""
        match self.argument:
            case "none":
                return argument == ""
            case "text":
                return self.pattern is None or re.fullmatch(self.pattern, argument) is not None
            case "integer":
                form = r"[+-]?[0-9]{1,15}"
            case "number":
                form = r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?"
        if not re.fullmatch(form, argument, re.ASCII):
            return False
        return self.minimum <= float(argument) <= self.maximum


@prepared
class Offer(msgspec.Struct, rename="camel", forbid_unknown_fields=True, frozen=True):
    """The file's content; None means no restriction."""

    functions: dict[str, Function] | None = None
    variables: list[str] | None = None
    max_argument_bytes: Count = 1024
    """Bytes of UTF-8 that the product's devices take: 1024 on Gen 3 and 4, 864 on Gen 2
    (`check_size`), 622 before Device OS 3 (Device OS, "Overview of API field limits")."""

    def check_call(self, function: str, argument: str) -> None:
        """Raise `NotAllowed` or `BadRequest` unless the call is offered."""
        if self.functions is not None and function not in self.functions:
            raise NotAllowed("This function is not offered.")
        try:
            size = len(argument.encode())
        except UnicodeEncodeError:
            raise BadRequest("The argument is no Unicode text.", field="argument") from None
        if size > self.max_argument_bytes:
            raise _too_long(self.max_argument_bytes)
        if self.functions is not None and not self.functions[function].accepts(argument):
            raise BadRequest("The function does not take this argument.", field="argument")

    def check_read(self, variable: str) -> None:
        """Raise `NotAllowed` unless the variable is offered."""
        if self.variables is not None and variable not in self.variables:
            raise NotAllowed("This variable is not offered.")


def depends_on_platform(argument: str) -> bool:
    """Whether only some platforms take an argument of this size."""
    return len(argument.encode()) > GEN_2_BYTES


def check_size(argument: str, platform_id: int | None) -> None:
    """Raise `BadRequest` for an argument that no Device OS of the platform takes.

    Which Device OS a device has is not known for certain, and it may be updated at any time: what
    only an older one does not take is for Particle to refuse, and so is all on an unknown platform.
    """
    if platform_id in GEN_2 and depends_on_platform(argument):
        raise _too_long(GEN_2_BYTES)


def _too_long(limit: int) -> BadRequest:
    return BadRequest(f"The argument has more than {limit} bytes.", field="argument")


@functools.cache
def offer() -> Offer:
    """The product's offer. Raises `SettingMissingError` when the file is not valid."""
    return product_file.read(FILE, Offer) if FILE.exists() else Offer()
