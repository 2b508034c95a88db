"""The settings with which the simulator starts."""

from dataclasses import dataclass, field
from pathlib import Path

DEFAULT_CLIENT_ID = "demo-backend-1319"
DEFAULT_CLIENT_SECRET = "00000000000000000000000000000000000demo1"  # noqa: S105 - opens nothing


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The initial state and the behaviour of a simulated cloud.

    Attributes:
        product: id of the product that exists at the start.
        client_id: the product's OAuth client.
        client_secret: the secret of that client.
        username: the developer account that owns the product.
        password: the password of that account.
        fleet: CSV file with the devices that exist at the start.
        kinds: Python files with further kinds of devices.
        topic: a Pub/Sub topic that gets every event of the product, `projects/…/topics/…`.
        state: SQLite file that keeps the state; without one it is lost at the end.
        interval: seconds between two events of a device.
        device_timeout: seconds after which the cloud gives up on a device that does not answer.
        reconnect_after_claim: seconds that a device stays offline after it was claimed.
        keep_alive: seconds of silence after which an event stream gets an empty line.
        retries: seconds until the second and the third attempt of an integration.
        rate_limits: whether the cloud's rate limits are enforced.
        firmware_attribute: whether Pub/Sub messages carry the attribute `fw_version`.
    """

    product: int = 1319
    client_id: str = DEFAULT_CLIENT_ID
    client_secret: str = DEFAULT_CLIENT_SECRET
    username: str = "maker@example.com"
    password: str = "demo-password"  # noqa: S105 - opens nothing but the simulator
    fleet: Path | None = None
    kinds: tuple[Path, ...] = ()
    topic: str | None = None
    state: Path | None = None
    interval: float = 5.0
    device_timeout: float = 30.0
    reconnect_after_claim: float = 0.0
    keep_alive: float = 9.0
    retries: tuple[float, ...] = field(default=(30.0, 60.0))
    rate_limits: bool = False
    firmware_attribute: bool = False
