"""Firestore trigger `run_schedule`: a schedule is due; call the function of its device."""

from shared import settings
from shared.api.triggers import on_document_written
from shared.schedules.run import run


@on_document_written("scheduleRuns/{id}", secrets=settings.PARTICLE_SECRETS)
def run_schedule(run_id: str) -> None:
    """Make the call if its time has come; `run_due` changes the runs that are tried again."""
    run(run_id)
