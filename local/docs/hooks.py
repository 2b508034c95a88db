"""What MkDocs needs to show pages that are written to be read on GitHub as they are.

- Links out of `docs/` (to the source) lead to `repo_url`, or become plain text where there is none.
- Examples between `<!-- tabs -->` and `<!-- /tabs -->`, a bold line before each, become tabs.
"""

import re
from typing import Any, Final

_OUTSIDE: Final = re.compile(
    r"(?<!!)\[([^\]]+)\]\((?:\.\./)+((?!pictures/)[^)#\s]+)(?:#[^)\s]*)?\)"
)
_TABS: Final = re.compile(r"<!-- tabs -->\n(.*?)<!-- /tabs -->\n", re.DOTALL)
_TAB: Final = re.compile(r"^\*\*(.+?)\*\*\n\n(```.*?^```)\n", re.DOTALL | re.MULTILINE)


def on_page_markdown(markdown: str, *, page: Any, config: Any, files: Any) -> str:
    """Turn GitHub's form of a page into MkDocs's."""
    depth = page.file.src_uri.count("/")
    known = set(files.src_uris)

    def outside(link: re.Match[str]) -> str:
        text, target = link.groups()
        # `../x` in a folder of docs/ is a page, one level higher it is the source.
        if depth and target in known:
            return link.group()
        return f"[{text}]({config.repo_url}/blob/main/{target})" if config.repo_url else text

    return _TABS.sub(lambda tabs: _TAB.sub(_tab, tabs.group(1)), _OUTSIDE.sub(outside, markdown))


def _tab(example: re.Match[str]) -> str:
    name, block = example.groups()
    inside = "\n".join(f"    {line}" if line else "" for line in block.splitlines())
    return f'=== "{name}"\n\n{inside}\n'
