"""Products and their teams."""

import msgspec

from simulator.world.state.table import Table


class Product(msgspec.Struct, kw_only=True):
    """A product; `team` maps the ids of users to their roles, the owner's first."""

    id: int
    name: str
    slug: str
    description: str = ""
    platform_id: int
    owner: str
    team: dict[str, str]
    quarantine: bool = True


class Products(Table[Product]):
    """All products, by id (as text) and by slug."""

    def __init__(self) -> None:
        super().__init__("products", Product)

    def find(self, id_or_slug: str) -> Product | None:
        """Return the product with this id or slug."""
        found = self.get(id_or_slug)
        return found or next((p for p in self.values() if p.slug == id_or_slug), None)
