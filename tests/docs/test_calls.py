"""The pages of the callables say what the functions accept and answer."""

import importlib

import pytest
import tree_sitter_dart
import tree_sitter_kotlin
import tree_sitter_swift
from tree_sitter import Language, Parser

import main
from docs_tools import function_pages
from docs_tools.callables import EVERYWHERE, FUNCTIONS, Function, Variable
from docs_tools.languages import LANGUAGES
from docs_tools.pages import DOCS, Block, blocks
from shared import errors

by_name = pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)

GRAMMARS = {
    "swift": tree_sitter_swift,
    "kotlin": tree_sitter_kotlin,
    "dart": tree_sitter_dart,
}
SAMPLES = [
    block
    for page in [DOCS / "calling.md", *sorted(function_pages.FOLDER.glob("*.md"))]
    for block in blocks(page)
    if block.language in GRAMMARS
]


def test_every_callable_has_a_page() -> None:
    modules = {name: importlib.import_module(f"functions.{name}") for name in main.FUNCTIONS}
    callables = {name for name, module in modules.items() if hasattr(module, "Request")}
    assert {function.name for function in FUNCTIONS} == callables
    assert {page.stem for page in function_pages.FOLDER.glob("*.md")} == callables


def test_the_overview_names_every_function() -> None:
    overview = (DOCS / "functions.md").read_text(encoding="utf-8")
    assert {name for name in main.FUNCTIONS if f"`{name}`" not in overview} == set()


@by_name
def test_the_page_is_as_it_would_be_written_now(function: Function) -> None:
    page = function_pages.FOLDER / f"{function.name}.md"
    assert page.read_text(encoding="utf-8") == function_pages.page_of(function), (
        "run: venv/bin/python -m docs_tools pages"
    )


@by_name
def test_requests_have_the_fields_that_the_function_takes(function: Function) -> None:
    fields = function_pages.request_fields(function.name)
    assert set(function.says) == set(fields)
    for example in function.examples:
        assert set(example.request) <= set(fields)
        assert {name for name, form in fields.items() if form["required"]} <= set(example.request)


def test_reasons_are_those_of_the_code() -> None:
    known = {kind.reason for kind in errors.ProductError.__subclasses__()} | {"internal"}
    told = {*EVERYWHERE, *(reason for function in FUNCTIONS for reason in function.reasons)}
    assert told == known


@by_name
@pytest.mark.parametrize("language", LANGUAGES)
def test_calls_name_the_function_and_all_fields(language: str, function: Function) -> None:
    for example in function.examples:
        call = LANGUAGES[language][1](function, example.request)
        assert function.name in call
        for name, value in example.request.items():
            assert name in call
            assert isinstance(value, Variable) or str(value).strip("[]").lower() in call.lower()
        if language != "curl":
            assert all(field.name in call for field in function.answer)


@pytest.mark.parametrize("block", SAMPLES, ids=str)
def test_samples_follow_the_grammar_of_their_language(block: Block) -> None:
    text = block.text
    if block.language == "dart":
        text = f"Future<void> main() async {{\n{text}}}\n"
    parser = Parser(Language(GRAMMARS[block.language].language()))
    tree = parser.parse(text.encode())
    assert not tree.root_node.has_error, f"{block}\n{tree.root_node}"
