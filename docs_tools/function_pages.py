"""Writes `docs/functions/`: a page for each callable, from its source and from the code."""

import importlib
from pathlib import Path
from typing import Any, Final

import msgspec

from docs_tools.callables import EVERYWHERE, FUNCTIONS, Function
from docs_tools.languages import LANGUAGES
from docs_tools.pages import DOCS
from shared.api.requests import FORMS

FOLDER: Final = DOCS / "functions"

_BEFORE_THE_EXAMPLES: Final = (
    "[Calling the functions](../calling.md) has the set-up code that these lines need, and says "
    "which of the examples the tests run."
)
_FORMS: Final = {
    r"^[A-Za-z0-9]{1,64}\Z": "letters and digits, 1 to 64",
    r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z": "`HH:MM`",
    r"^[0-9a-f]{24}\Z": "24 hexadecimal digits",
    r"^[0-9a-f]{32}\Z": "32 hexadecimal digits",
    r"^[^@\s]{1,64}@[^@\s]{1,250}\Z": "e-mail address",
    r"^[^/]+\Z": "text, 1 to 128 characters",
    r"^(?!(?i:events|owner|ping|unprotect)\Z)[A-Za-z0-9_]{1,64}\Z": "`[A-Za-z0-9_]{1,64}`",
}
"""The patterns of requests, in words."""

_KINDS: Final = {
    "text": "text",
    "object": "object",
    "time": "time",
    "flag": "boolean",
    "integer": "integer",
    "texts": "list of texts",
    "objects": "list of objects",
    "any": "number, text or boolean",
}


def write() -> list[Path]:
    """Write all pages; return those that changed."""
    changed = []
    for function in FUNCTIONS:
        page = FOLDER / f"{function.name}.md"
        text = page_of(function)
        if not page.exists() or page.read_text(encoding="utf-8") != text:
            page.write_text(text, encoding="utf-8")
            changed.append(page)
    return changed


def page_of(function: Function) -> str:
    """A callable's page."""
    parts = [
        "<!-- Written by `python -m docs_tools pages` from docs_tools/callables.py. -->",
        f"# {function.name}",
        function.purpose,
        "## Request",
        _request(function),
        "## Answer",
        _answer(function),
        *function.remarks,
        "## Failures",
        _failures(function),
        "## In your language",
        _BEFORE_THE_EXAMPLES,
    ]
    for example in function.examples:
        if example.shows:
            parts.append(f"{example.shows}:")
        parts.append("<!-- tabs -->")
        for name, (markdown, writer) in LANGUAGES.items():
            parts.append(f"**{name}**")
            parts.append(f"```{markdown}\n{writer(function, example.request)}```")
        parts.append("<!-- /tabs -->")
    return "\n\n".join(parts) + "\n"


def request_fields(name: str) -> dict[str, dict[str, Any]]:
    """The fields of a callable's request as JSON Schema, by the code; `app` is left out."""
    request = importlib.import_module(f"functions.{name}").Request
    kinds = msgspec.json.schema(request, schema_hook=FORMS.__getitem__)["$defs"]
    schema = kinds["Request"]
    return {
        field: {**_alone(form, kinds), "required": field in schema["required"]}
        for field, form in schema["properties"].items()
        if field != "app"
    }


def _alone(form: dict[str, Any], kinds: dict[str, Any]) -> dict[str, Any]:
    """A form without the `null` that only means that the field may be left out."""
    if "anyOf" in form:
        choices = [choice for choice in form["anyOf"] if choice.get("type") != "null"]
        form = choices[0] if len(choices) == 1 else {"anyOf": choices}
    return dict(kinds[form["$ref"].rpartition("/")[2]] if "$ref" in form else form)


def _request(function: Function) -> str:
    fields = request_fields(function.name)
    if not fields:
        return "`{}`: the ID token says who is calling."
    rows = ["| Field | Is | |", "|---|---|---|"]
    for name, form in fields.items():
        needed = "" if form["required"] else "?"
        rows.append(f"| `{name}{needed}` | {_limits(form)} | {function.says[name]} |")
    return "\n".join(rows)


def _limits(form: dict[str, Any]) -> str:
    if "anyOf" in form:
        # A number includes the integers.
        kinds = [_limits(one) for one in form["anyOf"] if one["type"] != "integer"]
        return " or ".join(sorted(kinds))
    if "enum" in form:
        return " or ".join(f"`{choice}`" for choice in form["enum"])
    if "pattern" in form:
        return _FORMS[form["pattern"]]
    if form.get("format") == "date-time":
        return "time, with its offset or `Z`"
    kind: str = form["type"]
    if kind == "array":
        return f"list of {_limits(form['items'])}"
    limits = "text" if kind == "string" else kind
    if "maxLength" in form:
        limits += f", {form.get('minLength', 0)} to {form['maxLength']} characters"
    if "maximum" in form:
        limits += f", {form['minimum']} to {form['maximum']}"
    return limits


def _answer(function: Function) -> str:
    if not function.answer:
        return "`{}`"
    rows = ["| Field | Is | |", "|---|---|---|"]
    for field in function.answer:
        mark = "?" if field.optional else ""
        rows.append(f"| `{field.name}{mark}` | {_KINDS[field.kind]} | {field.says} |")
    return "\n".join(rows)


def _failures(function: Function) -> str:
    everywhere = ", ".join(f"`{reason}`" for reason in EVERYWHERE)
    own = ", ".join(f"`{reason}`" for reason in function.reasons)
    also = f"{own}; and, as with every callable, " if own else ""
    return f"{also}{everywhere}. [The meaning of each](../functions.md#failures)."
