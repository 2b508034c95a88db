"""The routes of Particle's API, one file for each resource."""
