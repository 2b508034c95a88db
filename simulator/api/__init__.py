"""Particle's REST API, one file for each resource; `resources` lists them."""
