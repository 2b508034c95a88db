"""`make bench`: ingest beside the naive peer that it replaces, and the long fault campaign."""
