"""JSON as devices publish it: well formed but for spellings of NaN, and full of odd parts."""

import json
from dataclasses import dataclass

from hypothesis import strategies as st

NO_NUMBERS = ("NaN", "nan", "-nan", "+Infinity", "-inf", "INF", "1.#QNAN", "-1.#IND00", "nan(0x8)")


@dataclass(frozen=True)
class Published:
    """What a device published."""

    text: str
    json: str
    """The same as JSON: with null for each NaN."""


def _same(text: str) -> Published:
    return Published(text, text)


_plain = st.sampled_from(
    ["0", "-1", "21.5", "1e5", "2.5E-3", "true", "false", "null", '"on"', '""']
)
_odd = st.sampled_from(
    [
        "9007199254740991",
        "-9007199254740992",
        "18446744073709551616",
        "1e999",
        "-1E400",
        "1" * 400,
        r'"\ud83d\ude00"',
        r'"\ud800"',
        r'"a\udc00\ud800"',
        r'"a\u0000b"',
        '"__x__"',
        '"NaN"',
    ]
)
_no_numbers = st.sampled_from(NO_NUMBERS).map(lambda text: Published(text, "null"))
_texts = st.text(max_size=5).map(json.dumps)
_keys = st.sampled_from(
    [
        "a",
        "b",
        "c",
        "a.b",
        "é",
        "",
        "__x__",
        "__",
        "k" * 800,
        r"\ud800",
        r"\u005f_n__",
        r"\ud83d\ude00",
    ]
).map(lambda key: f'"{key}"') | _texts.filter(lambda key: len(key) > 2)
_space = st.sampled_from(["", "", "", " ", "\n\t"])


def _list(items: list[Published], space: str) -> Published:
    return Published(
        f"[{space}" + f",{space}".join(item.text for item in items) + f"{space}]",
        "[" + ",".join(item.json for item in items) + "]",
    )


def _object(items: list[tuple[str, Published]], space: str) -> Published:
    return Published(
        f"{{{space}" + f"{space},".join(f"{k}{space}:{space}{v.text}" for k, v in items) + "}",
        "{" + ",".join(f"{k}:{v.json}" for k, v in items) + "}",
    )


def _wrapped(inner: Published, levels: int) -> Published:
    return Published(
        '{"a":' * levels + inner.text + "}" * levels, '{"a":' * levels + inner.json + "}" * levels
    )


def _containers(inner: st.SearchStrategy[Published]) -> st.SearchStrategy[Published]:
    return (
        st.builds(_list, st.lists(inner, max_size=4), _space)
        | st.builds(_object, st.lists(st.tuples(_keys, inner), max_size=4), _space)
        | st.builds(_object, st.lists(st.tuples(st.just('"a"'), inner), max_size=3), _space)
        | st.builds(_wrapped, inner, st.integers(14, 20))
    )


_leaves = (_plain | _odd | _texts).map(_same) | _no_numbers
published = _containers(st.recursive(_leaves, _containers, max_leaves=10))
"""An object or a list."""
