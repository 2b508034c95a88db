"""The parts of the API that the simulator leaves out; they answer 501 and say so."""

from starlette.responses import Response

from simulator.api import errors
from simulator.api.call import Call, Handler
from simulator.api.routes import Routes

routes = Routes()

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

# The paths below /v1/ that are left out, by what they are about, and refused for any method.
LEFT_OUT: dict[str, tuple[str, ...]] = {
    "organizations": ("orgs/{rest:path}",),
    "product firmware": (
        "products/{product}/firmware",
        "products/{product}/firmware/{rest:path}",
        "products/{product}/impact",
    ),
    "device groups": ("products/{product}/groups", "products/{product}/groups/{rest:path}"),
    "SIM cards": (
        "sims",
        "sims/{rest:path}",
        "products/{product}/sims",
        "products/{product}/sims/{rest:path}",
    ),
    "configuration": (
        "products/{product}/config",
        "products/{product}/config/{rest:path}",
    ),
    "locations": (
        "products/{product}/locations",
        "products/{product}/locations/{rest:path}",
    ),
    "Ledger": ("ledgers", "ledgers/{rest:path}"),
    "Logic": ("logic/{rest:path}",),
    "environment variables": (
        "env",
        "env/{rest:path}",
        "products/{product}/env",
        "products/{product}/env/{rest:path}",
    ),
    "secrets": ("secrets", "secrets/{rest:path}"),
    "compiling": ("binaries", "binaries/{rest:path}", "build_targets"),
    "Device OS versions": ("device-os/{rest:path}",),
    "libraries": ("libraries", "libraries/{rest:path}"),
    "provisioning": ("provisioning/{rest:path}",),
    "service agreements": ("service_agreements", "service_agreements/{rest:path}"),
}
# Left out for PUT alone: with other methods, these paths are lists, functions and variables.
LEFT_OUT_PUT: dict[str, tuple[str, ...]] = {
    "batch changes of devices": ("products/{product}/devices",),
    "device protection": (
        "devices/{device}/unprotect",
        "products/{product}/devices/{device}/unprotect",
    ),
    "manufacturing backups": ("devices/{device}/backup_files",),
}


def _refuse(part: str) -> Handler:
    async def refuse(_call: Call) -> Response:
        raise errors.not_simulated(part)

    return refuse


for _table, _methods in ((LEFT_OUT, METHODS), (LEFT_OUT_PUT, ("PUT",))):
    for _part, _paths in _table.items():
        for _method in _methods:
            routes.add(_method, *(f"/v1/{path}" for path in _paths))(_refuse(_part))
