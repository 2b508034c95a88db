"""Mustache as mustache.js 4.2 renders it, which is what the cloud's templates are written for.

Values are those of JSON, with numbers as doubles, as JavaScript has them. `tests/unit/simulator/`
compares with recorded output of mustache.js. Two things that no template of a webhook needs are
left out: partials, which render as nothing, as there where none are given; and the properties that
JavaScript's objects inherit, such as `toString`.
"""

import math
import re
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal

# What `\s` matches in JavaScript; Python's own class differs.
SPACE = "[\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]"
BLANK = re.compile(f"{SPACE}*")
INDEX = re.compile("0|[1-9][0-9]{0,8}")
ESCAPES = str.maketrans(
    {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        '"': "&quot;",
        "'": "&#39;",
        "/": "&#x2F;",
        "`": "&#x60;",
        "=": "&#x3D;",
    }
)
# A number with so many digits before the point is written with an exponent, and one with more than
# so many zeros after it.
LONGEST_INTEGER, MOST_ZEROS = 21, 5

MISSING = object()


class TemplateError(Exception):
    """A template cannot be parsed or rendered; the text is that of mustache.js."""


@dataclass(slots=True)
class Node:
    """A part of a template.

    Attributes:
        kind: `text`, a variable (`name` is escaped, `&` is not), a section, or an inverted section.
        value: the text, or the name in the tag.
        children: the parts of a section.
    """

    kind: Literal["text", "name", "&", "#", "^"]
    value: str
    children: "list[Node]" = field(default_factory=list)


class _Tags:
    """The patterns of a pair of delimiters."""

    def __init__(self, opening: str, closing: str) -> None:
        self.opening = re.compile(f"{re.escape(opening)}{SPACE}*")
        self.closing = re.compile(f"{SPACE}*{re.escape(closing)}")
        self.closing_brace = re.compile(f"{SPACE}*{re.escape('}' + closing)}")


class _Parser:
    """Reads one template from its start to its end."""

    EQUALS = re.compile(f"{SPACE}*=")
    BRACE = re.compile(f"{SPACE}*}}")
    SPACES = re.compile(f"{SPACE}+")
    KIND = re.compile(r"[#^/>{&=!]")

    def __init__(self, template: str) -> None:
        self.template = template
        self.position = 0
        self.tags = _Tags("{{", "}}")
        self.root = Node("#", "")
        self.open = [self.root]
        # Of the present line: its blank pieces, whether it has a tag, and whether it has more than
        # blanks and tags that render nothing themselves.
        self.blanks: list[Node] = []
        self.has_tag = self.has_content = False

    def parse(self) -> list[Node]:
        """Return the parts of the template."""
        while self.position < len(self.template):
            self._text(self._until(self.tags.opening))
            start = self.position
            if not self._scan(self.tags.opening):
                break
            self._tag(start)
        self._end_line()
        if self.open[1:]:
            raise self._error(f'Unclosed section "{self.open[-1].value}"', self.position)
        return self.root.children

    def _error(self, what: str, position: int) -> TemplateError:
        return TemplateError(f"{what} at {len(_units(self.template[:position]))}")

    def _scan(self, pattern: re.Pattern[str]) -> str:
        """Step over what matches here."""
        found = pattern.match(self.template, self.position)
        if not found:
            return ""
        self.position = found.end()
        return found[0]

    def _until(self, pattern: re.Pattern[str]) -> str:
        """Step over everything before the next match, which is the rest when there is none."""
        found = pattern.search(self.template, self.position)
        start, self.position = self.position, found.start() if found else len(self.template)
        return self.template[start : self.position]

    def _add(self, node: Node) -> None:
        self.open[-1].children.append(node)

    def _text(self, text: str) -> None:
        for piece in re.findall(r"[^\n]*\n|[^\n]+", text):
            node = Node("text", piece)
            self._add(node)
            if BLANK.fullmatch(piece):
                self.blanks.append(node)
            else:
                self.has_content = True
            if piece.endswith("\n"):
                self._end_line()

    def _end_line(self) -> None:
        """Forget the blanks and the end of a line on which sections or comments stand alone."""
        if self.has_tag and not self.has_content:
            for node in self.blanks:
                node.value = ""
        self.blanks = []
        self.has_tag = self.has_content = False

    def _tag(self, start: int) -> None:
        self.has_tag = True
        kind = self._scan(self.KIND)
        self._scan(BLANK)
        if kind == "=":
            name = self._until(self.EQUALS)
            self._scan(self.EQUALS)
            self._until(self.tags.closing)
        elif kind == "{":
            name = self._until(self.tags.closing_brace)
            self._scan(self.BRACE)
            self._until(self.tags.closing)
        else:
            name = self._until(self.tags.closing)
        if not self._scan(self.tags.closing):
            raise self._error("Unclosed tag", self.position)
        match kind:
            case "#" | "^":
                section = Node("#" if kind == "#" else "^", name)
                self._add(section)
                self.open.append(section)
            case "/":
                self._close(name, start)
            case "=":
                self.tags = self._delimiters(name)
            case "{" | "&":
                self.has_content = True
                self._add(Node("&", name))
            case "":
                self.has_content = True
                self._add(Node("name", name))

    def _close(self, name: str, start: int) -> None:
        section = self.open.pop()
        if section is self.root:
            raise self._error(f'Unopened section "{name}"', start)
        if section.value != name:
            raise self._error(f'Unclosed section "{section.value}"', start)

    def _delimiters(self, text: str) -> _Tags:
        found = self.SPACES.split(text)[:2]
        if len(found) < 2:  # noqa: PLR2004 - an opening one and a closing one
            raise TemplateError(f"Invalid tags: {found[0]}")
        return _Tags(*found)


@lru_cache(maxsize=256)
def _parse(template: str) -> list[Node]:
    return _Parser(template).parse()


def render(template: str, view: dict[str, Any]) -> str:
    """Return the text that mustache.js makes of a template and JSON values.

    Raises:
        TemplateError: a tag or a section is not closed, or closed without being open; a name is
            looked up in a null of a list; or sections or lists are nested too deeply.
    """
    try:
        return _render(_parse(template), (view,))
    except RecursionError:
        raise TemplateError("Maximum call stack size exceeded") from None


def _render(nodes: list[Node], views: tuple[Any, ...]) -> str:
    """Render the parts of a template; the innermost view comes first."""
    return "".join(_rendered(node, views) for node in nodes)


def _rendered(node: Node, views: tuple[Any, ...]) -> str:
    if node.kind == "text":
        return node.value
    value = _look_up(node.value, views)
    match node.kind:
        case "&":
            return as_text(value)
        case "name":
            return as_text(value).translate(ESCAPES)
        case "^":
            return _render(node.children, views) if not _is_true(value) or value == [] else ""
    return "".join(_render(node.children, inner) for inner in _views(value, views))


def _views(value: Any, views: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    """Return the views with which a section is rendered, once for each."""
    if not _is_true(value):
        return []
    if value is True:
        return [views]
    return [(item, *views) for item in (value if isinstance(value, list) else [value])]


def _is_true(value: Any) -> bool:
    """Whether a value is true in JavaScript: of objects and lists, empty ones too."""
    return isinstance(value, dict | list) or bool(value)


def _look_up(name: str, views: tuple[Any, ...]) -> Any:
    """Return the value of a name in the innermost view that has it; None when none has."""
    if name == ".":
        return views[0]
    # A name that begins with a point is one of a single part.
    parts = name.split(".") if name.find(".") > 0 else [name]
    for view in views:
        if len(parts) == 1 and view is None:
            raise TemplateError(f"Cannot read properties of null (reading '{name}')")
        if len(parts) == 1 and not isinstance(view, dict | list):
            continue
        value = view
        for part in parts:
            value = _property(value, part)
            if value is MISSING:
                break
        if value is not MISSING:
            return value
    return None


def _property(value: Any, name: str) -> Any:
    """Return the property of a value that JavaScript gives it itself."""
    if isinstance(value, dict):
        return value.get(name, MISSING)
    if not isinstance(value, list | str):
        return MISSING
    items = _units(value) if isinstance(value, str) else value
    if name == "length":
        return len(items)
    if INDEX.fullmatch(name) and int(name) < len(items):
        return items[int(name)]
    return MISSING


def _units(text: str) -> list[str]:
    """Return the units of UTF-16 that JavaScript takes for the characters of a text."""
    units = text.encode("utf-16-le", "surrogatepass")
    return [chr(int.from_bytes(units[at : at + 2], "little")) for at in range(0, len(units), 2)]


def as_text(value: Any) -> str:
    """Return a JSON value as JavaScript writes it into a text."""
    match value:
        case str():
            return value
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case dict():
            return "[object Object]"
        case list():
            return ",".join(map(as_text, value))
    return _number(value)


def _number(value: float) -> str:
    """Return a number with as many digits as JavaScript needs to tell it from any other."""
    try:
        value = float(value)
    except OverflowError:
        value = math.copysign(math.inf, value)
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "0"
    shortest = Decimal(repr(abs(value))).normalize().as_tuple()
    digits = "".join(map(str, shortest.digits))
    point = len(digits) + int(shortest.exponent)
    if len(digits) <= point <= LONGEST_INTEGER:
        text = digits.ljust(point, "0")
    elif 0 < point <= LONGEST_INTEGER:
        text = f"{digits[:point]}.{digits[point:]}"
    elif -MOST_ZEROS <= point <= 0:
        text = f"0.{'0' * -point}{digits}"
    else:
        fraction = f".{digits[1:]}" if digits[1:] else ""
        text = f"{digits[0]}{fraction}e{point - 1:+d}"
    return f"-{text}" if value < 0 else text
