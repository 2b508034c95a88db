"""Stock lists: read, checked and brought into the registry."""
