"""Recordings of events: files in the forms that people have, read as what Pub/Sub delivers."""
