"""The customers of products: end users of one product each."""

import msgspec

from simulator.world.state.table import Table


class Customer(msgspec.Struct, kw_only=True):
    """An end user of one product; without a password it is a shadow customer."""

    id: str
    product_id: int
    username: str
    password: str | None = None
    created_at: float


class Customers(Table[Customer]):
    """All customers, by id and by product and name."""

    def __init__(self) -> None:
        super().__init__("customers", Customer)
        self._ids: dict[tuple[int, str], str] = {}

    def named(self, product_id: int, username: str) -> Customer | None:
        """Return the product's customer with this name; the API lower-cases names everywhere."""
        return self.get(self._ids.get((product_id, username.strip().lower()), ""))

    def index(self, row: Customer) -> None:
        """Enter a customer's name."""
        self._ids[row.product_id, row.username] = row.id

    def unindex(self, row: Customer) -> None:
        """Forget a customer's name."""
        del self._ids[row.product_id, row.username]
