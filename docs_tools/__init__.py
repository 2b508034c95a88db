"""The documentation as a product: what builds, writes and checks the pages of `docs/`."""
