"""Scheduled `run_due`: does what is due at a time, such as ending an expired share."""

from shared import due
from shared.api.schedules import on_schedule


@on_schedule("every 1 minutes")
def run_due() -> None:
    """End shares that have expired, and see to alerts that are due; the next run does the rest."""
    due.run()
