"""How a share of a device begins, changes and ends."""
