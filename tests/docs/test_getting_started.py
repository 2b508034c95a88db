"""The page that a newcomer reads first says what happens.

`make try` does all of it in a fresh clone; here, on the tests' own stack, what does not change the
project's folder.
"""

import pytest

from admin.app import main as operator
from docs_tools import try_page
from docs_tools.pages import DOCS, blocks
from local.runs import ROOT
from local.stack import Stack
from tests.conftest import FLEET

PAGE = DOCS / "getting-started.md"


def test_its_commands_answer_what_it_says(clean_stack: Stack) -> None:
    assert operator(["devices", "import", str(FLEET), "--local"]) == 0
    environment = clean_stack.environment
    try_page.type_in(PAGE, ROOT, clean_stack.ports, environment, changes=False)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("<!-- try -->\n```sh\necho one\n```\n<!-- answers -->\n```text\ntwo\n```\n", "answered"),
        ("<!-- try -->\n```sh\nfalse\n```\n", "failed"),
    ],
)
def test_a_page_that_is_wrong_is_found_out(
    text: str, complaint: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    page = ROOT / ".local" / f"{complaint}.md"
    page.write_text(text, encoding="utf-8")
    with pytest.raises(try_page.PageError, match=complaint):
        try_page.type_in(page, ROOT, try_page.DEMO_PORTS, {}, changes=True)
    page.unlink()


def test_the_demo_has_what_it_claims() -> None:
    fleet = FLEET.read_text(encoding="utf-8")
    claimed = [line.split(",")[1:3] for line in fleet.splitlines()[1:]]
    text = PAGE.read_text(encoding="utf-8")
    assert sum(serial in text and code in text for serial, code in claimed) == 2
    assert any(block.note == try_page.FIRST_TERMINAL for block in blocks(PAGE))
