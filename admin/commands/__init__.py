"""The commands of `python -m admin`, one file for each group."""
