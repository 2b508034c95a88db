"""A stand-in for the Particle cloud, with virtual devices.

It implements the part of Particle's REST API that a product, its customers, its devices and its
integrations use, so that the product can be run and tested on one machine. Start it with
`python -m simulator`. `docs/simulator.md` lists what it supports and what it had to invent.

Imports go one way: `__main__`, `server`, `app`, `control`, then `journal` and `ratelimits`, then
`api` (the routes of Particle's API), `world` (what exists and happens in the cloud) and `settings`.
"""
