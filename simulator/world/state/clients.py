"""OAuth clients."""

import msgspec

from simulator.world.state.table import Table


class Client(msgspec.Struct, kw_only=True):
    """An OAuth client; one without a product can only log users in."""

    id: str
    secret: str
    name: str
    type: str = "installed"
    redirect_uri: str | None = None
    scopes: list[str] | None = None
    product_id: int | None = None
    owner: str | None = None

    @property
    def creates_customers_only(self) -> bool:
        """Whether the client may be shipped in an app, because it can do nothing else."""
        return self.scopes is not None and "*:*" not in self.scopes


class Clients(Table[Client]):
    """All OAuth clients, by id."""

    def __init__(self) -> None:
        super().__init__("clients", Client)
