"""The commands of the group `devices`."""
