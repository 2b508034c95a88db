"""Messages that were not stored: listed, ingested again, or deleted."""
