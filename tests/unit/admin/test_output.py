"""How commands answer."""

import json
from datetime import datetime, timedelta, timezone
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from admin.cli import output

AT = datetime(2026, 5, 13, 12, 30, 15, 123456, tzinfo=timezone(timedelta(hours=2)))

app = typer.Typer()


@app.callback()
def _choose(
    context: typer.Context, *, as_json: Annotated[bool, typer.Option("--json")] = False
) -> None:
    if as_json:
        output.choose_json(context)


@app.command()
def tell() -> None:
    """Answer with a time and a name that somebody chose."""
    output.answer(
        {"at": AT, "names": ["Zoë"]}, lambda: output.table(("AT", "NAME"), [[AT, "a\x1b[2Jb"]])
    )


@app.command()
def say() -> None:
    """Answer with a text."""
    output.answer({"done": True}, "Done")


def test_a_program_gets_one_document() -> None:
    answer = CliRunner().invoke(app, ["--json", "tell"]).output
    assert json.loads(answer) == {"at": "2026-05-13T10:30:15.123456Z", "names": ["Zoë"]}


def test_people_get_words_and_tables() -> None:
    assert CliRunner().invoke(app, ["say"]).output == "Done\n"
    answer = CliRunner().invoke(app, ["tell"]).output
    assert "2026-05-13T10:30:15Z" in answer
    assert "a\\x1b[2Jb" in answer, "no control character reaches the terminal"


def test_the_choice_ends_with_the_command() -> None:
    CliRunner().invoke(app, ["--json", "say"])
    assert CliRunner().invoke(app, ["say"]).output == "Done\n"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(True, "yes"), (False, "no"), ({"a": [1, AT]}, '{"a": [1, "2026-05-13T10:30:15.123456Z"]}')],
)
def test_values_for_people(value: object, shown: str) -> None:
    assert output.text(value) == shown


def test_fields_that_are_not_there_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    output.fields(("name", "x"), ("owner", None), ("battery", {}), ("since", AT), ("zero", 0))
    assert capsys.readouterr().out.splitlines() == [
        "name   x",
        "since  2026-05-13T10:30:15Z",
        "zero   0",
    ]


def test_an_empty_table_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    output.table(("A",), [])
    assert capsys.readouterr().out == "none\n"
