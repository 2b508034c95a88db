"""`python -m local.docs`: writes the pages that are computed, and computes for you."""

import typer

from local.docs import function_pages, try_page
from local.docs.pages import DOCS
from local.errors import StackError
from local.runs import ROOT

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None, help=__doc__)


@app.callback()
def choose() -> None:
    """One of the commands below."""


@app.command()
def functions() -> None:
    """Write docs/functions/ from local/docs/callables.py and the functions' requests."""
    for page in function_pages.write():
        typer.echo(page.relative_to(ROOT))


@app.command("try")
def try_() -> None:
    """Do what docs/getting-started.md says, in a fresh clone of what is committed, and time it."""
    try:
        try_page.try_in_fresh_clone(DOCS / "getting-started.md")
    except (try_page.PageError, StackError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


if __name__ == "__main__":
    app(prog_name="python -m local.docs")
