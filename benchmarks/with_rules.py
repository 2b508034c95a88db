"""`ingest` of a product whose events named `log` have many samples (`telemetry.json`)."""

from pathlib import Path

from functions.ingest import ingest
from shared.telemetry import rules

__all__ = ["ingest"]

rules.FILE = Path(__file__).with_name("telemetry.json")
