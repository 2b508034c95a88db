"""Writes a call of a callable in each language that Firebase has an SDK for, and with curl."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from docs_tools.callables import Field, Function, Variable

Writer = Callable[[Function, Mapping[str, Any]], str]

WIDTH: Final = 88
"""Characters of a line; a longer request gets a line for each field."""


def javascript(function: Function, request: Mapping[str, Any]) -> str:
    """For the Firebase web SDK, with what `docs/calling.md` sets up."""
    fields = [
        key if isinstance(value, Variable) and value.name == key else f"{key}: {_json(value)}"
        for key, value in request.items()
    ]
    call = _call(f'await httpsCallable(functions, "{function.name}")(', fields, ("{", "}"), ")")
    names = ", ".join(field.name for field in _news(function, request))
    if not names:
        return f"{call};\n"
    return f"const result = {call};\nconst {{ {names} }} = result.data;\n"


def swift(function: Function, request: Mapping[str, Any]) -> str:
    """For FirebaseFunctions on iOS, with async and await."""
    fields = [f'"{key}": {_json(value)}' for key, value in request.items()]
    call = _call(
        f'try await functions.httpsCallable("{function.name}").call(',
        fields,
        # Swift infers no type of its own for values of several types.
        ("[", "] as [String: Any]"),
        ")",
    )
    if not function.answer:
        return f"_ = {call}\n"
    lines = [f"let result = {call}", "let data = result.data as! [String: Any]"]
    for field in _news(function, request):
        name = _SWIFT[field.kind]
        cast = "" if name == "Any" else f" as? {name}" if field.optional else f" as! {name}"
        lines.append(f'let {field.name} = data["{field.name}"]{cast}')
    return "\n".join(lines) + "\n"


def kotlin(function: Function, request: Mapping[str, Any]) -> str:
    """For firebase-functions on Android, in a coroutine."""
    fields = [f'"{key}" to {_kotlin(value)}' for key, value in request.items()]
    call = _call(
        f'functions.getHttpsCallable("{function.name}").call(', fields, ("mapOf(", ")"), ")"
    )
    if not function.answer:
        return f"{call}.await()\n"
    lines = [f"val result = {call}.await()", "val data = result.getData() as Map<*, *>"]
    for field in _news(function, request):
        value = f'data["{field.name}"]'
        if field.kind == "integer":
            # The SDK decides whether a JSON number is an Int or a Long.
            value = f"({value} as Number?)?.toInt()"
        elif field.kind != "any":
            value += f" as {_KOTLIN[field.kind]}" + ("?" if field.optional else "")
        lines.append(f"val {field.name} = {value}")
    return "\n".join(lines) + "\n"


def dart(function: Function, request: Mapping[str, Any]) -> str:
    """For cloud_functions on Flutter."""
    fields = [f"'{key}': {_dart(value)}" for key, value in request.items()]
    call = _call(f"await functions.httpsCallable('{function.name}').call(", fields, ("{", "}"), ")")
    if not function.answer:
        return f"{call};\n"
    lines = [f"final result = {call};", "final data = result.data as Map;"]
    for field in _news(function, request):
        name = _DART[field.kind]
        cast = "" if name == "dynamic" else f" as {name}" + ("?" if field.optional else "")
        lines.append(f"final {field.name} = data['{field.name}']{cast};")
    return "\n".join(lines) + "\n"


def curl(function: Function, request: Mapping[str, Any]) -> str:
    """With an ID token in `ID_TOKEN`, and the functions' address in `FUNCTIONS`."""
    fields = ", ".join(f'"{key}": {_shell(value)}' for key, value in request.items())
    return (
        f'curl -sS "$FUNCTIONS/{function.name}" \\\n'
        '  -H "Authorization: Bearer $ID_TOKEN" -H "Content-Type: application/json" \\\n'
        f'  -d @- <<END\n{{"data": {{{fields}}}}}\nEND\n'
    )


LANGUAGES: Final[Mapping[str, tuple[str, Writer]]] = {
    "JavaScript": ("js", javascript),
    "Swift": ("swift", swift),
    "Kotlin": ("kotlin", kotlin),
    "Dart": ("dart", dart),
    "curl": ("sh", curl),
}
"""By the name that readers know: the name in Markdown, and the writer."""

_SWIFT: Final = {
    "flag": "Bool",
    "text": "String",
    "time": "String",
    "integer": "Int",
    "texts": "[String]",
    "objects": "[[String: Any]]",
    "object": "[String: Any]",
    "any": "Any",
}
_KOTLIN: Final = {
    "flag": "Boolean",
    "text": "String",
    "time": "String",
    "texts": "List<*>",
    "objects": "List<*>",
    "object": "Map<*, *>",
}
_DART: Final = {
    "flag": "bool",
    "text": "String",
    "time": "String",
    "integer": "int",
    "texts": "List",
    "objects": "List",
    "object": "Map",
    "any": "dynamic",
}


def _news(function: Function, request: Mapping[str, Any]) -> list[Field]:
    """The fields of the answer that the caller has no variable for yet."""
    known = {value.name for value in request.values() if isinstance(value, Variable)}
    return [field for field in function.answer if field.name not in known]


def _call(before: str, fields: list[str], brackets: tuple[str, str], after: str) -> str:
    """The call with its request, on one line if that fits; an empty request is left out."""
    if not fields:
        return f"{before}{after}"
    opened, closed = brackets
    inside = ", ".join(fields)
    if before.startswith("await httpsCallable"):
        inside = f" {inside} "
    line = f"{before}{opened}{inside}{closed}{after}"
    if len(line) <= WIDTH - len("const result = "):
        return line
    lines = "".join(f"  {field},\n" for field in fields)
    return f"{before}{opened}\n{lines}{closed}{after}"


def _json(value: Any) -> str:
    return value.name if isinstance(value, Variable) else json.dumps(value)


def _kotlin(value: Any) -> str:
    if isinstance(value, list):
        return f"listOf({', '.join(map(_kotlin, value))})"
    return _json(value)


def _dart(value: Any) -> str:
    return f"'{value}'" if isinstance(value, str) else _json(value)


def _shell(value: Any) -> str:
    if isinstance(value, Variable):
        name = re.sub(r"(?=[A-Z])", "_", value.name).upper()
        return f'"${name}"'
    return json.dumps(value)
