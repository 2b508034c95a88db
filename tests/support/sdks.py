"""What the client SDKs put on the wire for a call as it is written in an app's source.

Each entry says which types of the language become an integer wrapper; the sources are named in
`shared/api/protocol.py`. All else is JSON.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_LIST: Final = r"(?:listOf\(|\[)([^\])]*)[\])]"
_LITERAL: Final = (
    r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|(?:listOf\(|\[)[^\])]*[\])]|-?\d+(?:\.\d+)?L?|\w+)"""
)
_CONSTANTS: Final[Mapping[str, Any]] = {"true": True, "false": False, "null": None, "nil": None}


@dataclass(frozen=True)
class Sdk:
    """An SDK on one platform."""

    language: str
    """As in `docs_tools.languages.LANGUAGES`."""
    entry: str
    """Between a field's name and its value, in the language's map."""
    answer: str
    """How the line begins that reads the answer."""
    wraps: str
    """The integer literals that it wraps: a regular expression."""

    def body(self, source: str, variables: Mapping[str, Any]) -> bytes:
        """The request's body for the one call in a source text."""
        call = source.partition(f"\n{self.answer}")[0]
        fields = re.findall(rf"""["'](\w+)["']{self.entry}{_LITERAL}""", call)
        data = {name: self._encode(literal, variables) for name, literal in fields}
        return json.dumps({"data": data or None}).encode()

    def _encode(self, literal: str, variables: Mapping[str, Any]) -> Any:
        if found := re.fullmatch(_LIST, literal):
            return [self._encode(item.strip(), variables) for item in found[1].split(",")]
        if literal[0] in "\"'":
            return json.loads(f'"{literal[1:-1]}"')
        if literal in _CONSTANTS:
            return _CONSTANTS[literal]
        if not re.match(r"-?\d", literal):
            return variables[literal]
        if re.fullmatch(self.wraps, literal):
            kind = "type.googleapis.com/google.protobuf.Int64Value"
            return {"@type": kind, "value": literal.removesuffix("L")}
        return float(literal) if "." in literal else int(literal)


_ALL: Final = r"-?\d+"
_LONG: Final = r"-?\d+L"
_NONE: Final = r"(?!)"

SDKS: Final[Mapping[str, Sdk]] = {
    "iOS": Sdk("Swift", ": ", "let data", _ALL),
    "Android": Sdk("Kotlin", " to ", "val data", _LONG),
    "Flutter on iOS": Sdk("Dart", ": ", "final data", _ALL),
    "Flutter on Android": Sdk("Dart", ": ", "final data", _NONE),
}
