"""Parts of the API that the simulator does not have; they answer 501 with a clear body."""

from starlette.responses import Response

from simulator.api import errors
from simulator.api.call import Call, Handler
from simulator.api.routes import Routes

routes = Routes()

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

# What, and the paths below /v1/, of the user, of a product or of an organization.
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
    "batch changes of devices": ("products/{product}/devices",),
    "compiling": ("binaries", "binaries/{rest:path}", "build_targets"),
    "Device OS versions": ("device-os/{rest:path}",),
    "libraries": ("libraries", "libraries/{rest:path}"),
    "provisioning": ("provisioning/{rest:path}",),
    "device protection": (
        "devices/{device}/unprotect",
        "products/{product}/devices/{device}/unprotect",
    ),
    "manufacturing backups": ("devices/{device}/backup_files",),
    "service agreements": ("service_agreements", "service_agreements/{rest:path}"),
}


def _refuse(part: str) -> Handler:
    async def refuse(_call: Call) -> Response:
        raise errors.not_simulated(part)

    return refuse


for _part, _paths in LEFT_OUT.items():
    # These two paths are functions and variables for the other methods.
    _single = {"device protection", "manufacturing backups", "batch changes of devices"}
    for _method in ("PUT",) if _part in _single else METHODS:
        routes.add(_method, *(f"/v1/{path}" for path in _paths))(_refuse(_part))
