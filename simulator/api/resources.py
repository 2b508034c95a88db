"""The table of the API's resources.

A new resource gets three things: a file beside this one with its routes, a file in `world/state/`
with its rows, and a line here. What it simulates by itself (events, time) belongs in `world/`.
"""

from starlette.routing import Route

from simulator.api import (
    claims,
    clients,
    commands,
    customers,
    devices,
    integrations,
    left_out,
    oauth,
    products,
    streams,
    team,
    tokens,
    users,
    vitals,
)

# The order matters where two paths match: `/v1/devices/events` must be tried before
# `/v1/devices/{device}`, and `commands`, whose paths end with any name, comes last.
RESOURCES = (
    oauth,
    tokens,
    users,
    left_out,
    clients,
    team,
    customers,
    integrations,
    streams,
    vitals,
    products,
    claims,
    devices,
    commands,
)


def api_routes() -> list[Route]:
    """Return the routes of all resources, in the order in which they are tried."""
    return [route for resource in RESOURCES for route in resource.routes.items]
