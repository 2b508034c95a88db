"""The registry of devices: who owns each, and who holds it at the moment."""
