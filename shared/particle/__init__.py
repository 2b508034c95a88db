"""A client of the Particle cloud's REST API, for a product's backend. It knows no Firebase.

    from shared.particle import Particle, TokenCache

    particle = Particle("https://api.particle.io", "1319")
    tokens = TokenCache(particle, client_id, client_secret, budget)
    particle.call_function(tokens.server, device_id, "led", "on")

`errors` draws the tree of exceptions. Facts about the API are from Particle's Cloud API reference
(https://docs.particle.io/reference/cloud-apis/api/) unless a docstring says otherwise.
"""

from shared.particle.client import PER_PAGE, Device, OAuthClient, Particle
from shared.particle.integrations import Integration
from shared.particle.tokens import Budget, Share, Token, TokenCache
from shared.particle.transport import Credentials

__all__ = [
    "PER_PAGE",
    "Budget",
    "Credentials",
    "Device",
    "Integration",
    "OAuthClient",
    "Particle",
    "Share",
    "Token",
    "TokenCache",
]
