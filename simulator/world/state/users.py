"""Developer accounts at Particle, and the API users of products."""

from typing import Any

import msgspec

from simulator.world.state.table import Table


class User(msgspec.Struct, kw_only=True):
    """A developer account at Particle; with `api_product` it is an API user of that product."""

    id: str
    username: str
    password: str | None = None
    account_info: dict[str, Any] = {}
    otp_secret: str | None = None
    created_at: float
    api_product: int | None = None
    friendly_name: str | None = None
    scopes: list[str] | None = None


class Users(Table[User]):
    """All users, by id and by name."""

    def __init__(self) -> None:
        super().__init__("users", User)
        self._ids: dict[str, str] = {}

    def named(self, username: str) -> User | None:
        """Return the user with this name, in upper or lower case."""
        return self.get(self._ids.get(username.strip().lower(), ""))

    def rename(self, user: User, username: str) -> None:
        """Give a user another name."""
        self.unindex(user)
        user.username = username
        self.put(user.id, user)

    def index(self, row: User) -> None:
        """Enter a user's name."""
        self._ids[row.username] = row.id

    def unindex(self, row: User) -> None:
        """Forget a user's name."""
        del self._ids[row.username]
