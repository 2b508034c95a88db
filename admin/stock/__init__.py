"""Stock lists: read, checked and imported into the registry."""
