"""What MkDocs needs to show pages that are written to be read on GitHub as they are.

- Links out of `docs/` (to the source) lead to `repo_url`, or become plain text where there is none.
- Examples between `<!-- tabs -->` and `<!-- /tabs -->`, a bold line before each, become tabs.
- What continues an item of a list is indented as far as its text, as GitHub has it.
- Scripts come with the site where `make docs` has put them (`docs_tools/site.py`).
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
        # Each part of the parser takes it when it is made, and other extensions add theirs later.
        md.build_parser()


def on_config(config: Any) -> Any:
    """Set what the configuration file cannot say."""
    config.markdown_extensions.insert(0, _Indentation())
    if (SCRIPTS / MERMAID).exists():
        config.extra_javascript.append(f"scripts/{MERMAID}")
    if (SCRIPTS / SEARCH_WITHOUT_SERVER).exists():
        # In the place of the one from a public server, which has the same name.
        config.extra["polyfills"] = [f"scripts/{SEARCH_WITHOUT_SERVER}"]
    return config


def on_files(files: Any, *, config: Any) -> Any:
    """Let the site hold the scripts."""
    for script in sorted(SCRIPTS.glob("*.js")):
        uri = f"scripts/{script.name}"
        files.append(File.generated(config, uri, abs_src_path=str(script)))
    return files


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
    inside = "\n".join(f"  {line}" if line else "" for line in block.splitlines())
    return f'=== "{name}"\n\n{inside}\n'
