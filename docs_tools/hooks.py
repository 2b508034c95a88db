"""Hooks that let MkDocs show pages which are written for GitHub.

- Links out of `docs/` (to the source) lead to `repo_url`, or become plain text without one.
- Examples between `<!-- tabs -->` and `<!-- /tabs -->`, with a bold line before each, become tabs.
- The continuation of a list item is indented as far as the item's text, as on GitHub.
- The site includes the scripts that `make docs` has downloaded (`docs_tools/site.py`).
"""

import re
from typing import Any, Final

from markdown import Extension, Markdown
from mkdocs.structure.files import File

from docs_tools.site import MERMAID, SCRIPTS, SEARCH_WITHOUT_SERVER

_OUTSIDE: Final = re.compile(
    r"(?<!!)\[([^\]]+)\]\((?:\.\./)+((?!pictures/)[^)#\s]+)(?:#[^)\s]*)?\)"
)
_TABS: Final = re.compile(r"<!-- tabs -->\n(.*?)<!-- /tabs -->\n", re.DOTALL)
_TAB: Final = re.compile(r"^\*\*(.+?)\*\*\n\n(```.*?^```)\n", re.DOTALL | re.MULTILINE)


class _Indentation(Extension):
    """Two spaces continue an item; Python-Markdown's own rule asks for four."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - Python-Markdown's name
        md.tab_length = 2
        # Each part of the parser reads it at its creation, and other extensions add parts later.
        md.build_parser()


def on_config(config: Any) -> Any:
    """Set what the configuration file cannot express."""
    config.markdown_extensions.insert(0, _Indentation())
    if (SCRIPTS / MERMAID).exists():
        config.extra_javascript.append(f"scripts/{MERMAID}")
    if (SCRIPTS / SEARCH_WITHOUT_SERVER).exists():
        # It replaces the script of the same name from a public server.
        config.extra["polyfills"] = [f"scripts/{SEARCH_WITHOUT_SERVER}"]
    return config


def on_files(files: Any, *, config: Any) -> Any:
    """Include the scripts in the site."""
    for script in sorted(SCRIPTS.glob("*.js")):
        uri = f"scripts/{script.name}"
        files.append(File.generated(config, uri, abs_src_path=str(script)))
    return files


def on_page_markdown(markdown: str, *, page: Any, config: Any, files: Any) -> str:
    """Translate a page from GitHub's Markdown to MkDocs's."""
    depth = page.file.src_uri.count("/")
    known = set(files.src_uris)

    def outside(link: re.Match[str]) -> str:
        text, target = link.groups()
        # In a folder of docs/, `../x` is a page; in docs/ itself, it is the source.
        if depth and target in known:
            return link.group()
        return f"[{text}]({config.repo_url}/blob/main/{target})" if config.repo_url else text

    return _TABS.sub(lambda tabs: _TAB.sub(_tab, tabs.group(1)), _OUTSIDE.sub(outside, markdown))


def _tab(example: re.Match[str]) -> str:
    name, block = example.groups()
    inside = "\n".join(f"  {line}" if line else "" for line in block.splitlines())
    return f'=== "{name}"\n\n{inside}\n'
