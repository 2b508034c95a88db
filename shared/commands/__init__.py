"""Calls of devices' functions and reads of their variables."""
