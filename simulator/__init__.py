"""A stand-in for the Particle cloud, with virtual devices.

It speaks the part of Particle's REST API that a product, its customers, devices and integrations
use, so that the product can be run and tested on one machine. Start it with
`python -m simulator`; what it supports, and what it had to invent, is in `docs/simulator.md`.
"""
