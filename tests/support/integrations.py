"""The product's integrations at the simulated Particle, as its team may change them."""

from typing import Any

import requests

from shared import connections, settings
from shared.particle import Integration


def all_of_them() -> list[Integration]:
    """Those to Pub/Sub, and webhooks."""
    return connections.particle().integrations.list(connections.tokens().server)


def change(integration: Integration, **config: Any) -> None:
    """Replace the configuration, with these changes."""
    body = {"event": integration.event, "topic": integration.topic, **config}
    product = settings.particle()
    answer = requests.put(
        f"{product.api_url}/v1/products/{product.product}/integrations/{integration.id}",
        json=body,
        headers={"Authorization": f"Bearer {connections.tokens().server.token()}"},
        timeout=30,
    )
    answer.raise_for_status()
