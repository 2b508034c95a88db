"""`conform`: does Particle answer as this product assumes?"""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from admin.cli.deployed import use_secrets
from admin.cli.errors import CannotRun
from admin.cli.failures import explained
from admin.cli.output import answer, table
from admin.cli.target import Target
from admin.conformance.comparison import Row, compare, markdown
from admin.conformance.probes import Session
from admin.doctor.deployment import Deployment
from shared import settings


def conform(
    context: typer.Context,
    *,
    device: Annotated[
        str | None,
        typer.Option(
            metavar="ID",
            help="A device of the product that is online: it is asked for a function and a "
            "variable that it does not have.",
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the table as Markdown, too.")
    ] = None,
) -> None:
    """Compare Particle's answers with those that this product assumes.

    Sends about two dozen requests that do no harm: a customer without a device is created and
    deleted again, and one log-in fails on purpose. The table names no secret, id or address, so you
    can send it to us.

    Exit status: 0 all answers are as assumed, 1 some differ, 2 the command could not run.

    Example: conform --output conform.md
    """
    deployment = Deployment(Target.of(context))
    with explained(deployment.project):
        use_secrets(deployment.target)
        particle = settings.particle()
        session = Session(
            particle.api_url,
            particle.product,
            (particle.client_id, particle.client_secret),
            device_id=device,
        )
        session.http.trust_env = not deployment.local
        rows: list[Row] = []
        for row in compare(session):
            rows.append(row)
            if row.seconds is not None:
                typer.echo(f"{row.state:<9}  {row.name}", err=True)
    if output:
        try:
            output.write_text(markdown(rows), encoding="utf-8")
        except OSError as failure:
            raise CannotRun(f"{output} cannot be written: {failure.strerror}") from failure
    different = [row for row in rows if row.state == "differs"]
    answer(
        {"state": "differs" if different else "same", "answers": [asdict(row) for row in rows]},
        lambda: _print(rows),
    )
    if different:
        raise typer.Exit(1)


def _print(rows: list[Row]) -> None:
    table(
        ("Result", "What", "How, or why not"),
        ((row.state, row.name, row.how) for row in rows),
    )
