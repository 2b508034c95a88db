"""What can be set when the simulator starts."""

from dataclasses import dataclass, field
from pathlib import Path

DEFAULT_CLIENT_ID = "demo-backend-1319"
DEFAULT_CLIENT_SECRET = "00000000000000000000000000000000000demo1"  # noqa: S105 - opens nothing


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Start state and behaviour of a simulated cloud."""

    product: int = 1319
    client_id: str = DEFAULT_CLIENT_ID
    client_secret: str = DEFAULT_CLIENT_SECRET
    # The developer account that owns the product.
    username: str = "maker@example.com"
    password: str = "demo-password"  # noqa: S105 - opens nothing but the simulator
    fleet: Path | None = None
    kinds: tuple[Path, ...] = ()
    # A Pub/Sub topic that gets every event of the product, `projects/…/topics/…`.
    topic: str | None = None
    state: Path | None = None
    # Seconds between two events of a device.
    interval: float = 5.0
    # Seconds until a device that does not answer is given up.
    device_timeout: float = 30.0
    # Seconds that a device is away after it was claimed.
    reconnect_after_claim: float = 0.0
    # Seconds of silence after which an event stream gets an empty line.
    keep_alive: float = 9.0
    # Seconds until the second and the third attempt of an integration.
    retries: tuple[float, ...] = field(default=(30.0, 60.0))
    rate_limits: bool = False
    # Whether Pub/Sub messages carry the attribute `fw_version`.
    firmware_attribute: bool = False
