"""The documentation's tools: they build, write and check the pages of `docs/`."""
