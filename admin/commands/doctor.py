"""`doctor`: does the whole way from Particle to the app work?"""

import typer

from admin.cli.target import Target
from admin.doctor import report
from admin.doctor.chain import LINKS
from admin.doctor.deployment import Deployment


def doctor(context: typer.Context) -> None:
    """Find what is broken between Particle and the app.

    Examines every link in order, sends a test event the whole way, and says how to fix what is
    broken.

    Exit status: 0 everything works, 1 something is broken, 2 the command could not run.
    """
    deployment = Deployment(Target.of(context))
    deployment.target.connect()
    _ = deployment.google  # without a log-in nothing can be examined
    report.run(LINKS, deployment)
