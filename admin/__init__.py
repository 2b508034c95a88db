"""The operator's command line: `python -m admin --help`."""
