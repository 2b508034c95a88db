"""Access tokens and their refresh tokens."""

from typing import Literal

import msgspec

from simulator.world.state.table import Table

TokenKind = Literal["user", "customer", "product", "api-user"]


class Token(msgspec.Struct, kw_only=True):
    """An access token with its refresh token; `account` is the user or customer it acts for."""

    digest: str
    kind: TokenKind
    account: str
    client: str
    product_id: int | None = None
    scopes: list[str] | None = None
    expires_at: float | None = None
    refresh_digest: str | None = None
    refresh_expires_at: float = 0.0


class Tokens(Table[Token]):
    """All access tokens, by their digest and by the digest of their refresh token."""

    def __init__(self) -> None:
        super().__init__("tokens", Token)
        self._by_refresh: dict[str, str] = {}

    def with_refresh(self, refresh_digest: str) -> Token | None:
        """Return the access token that was issued together with this refresh token."""
        return self.get(self._by_refresh.get(refresh_digest, ""))

    def index(self, row: Token) -> None:
        """Enter a token's refresh token."""
        if row.refresh_digest:
            self._by_refresh[row.refresh_digest] = row.digest

    def unindex(self, row: Token) -> None:
        """Forget a token's refresh token."""
        if row.refresh_digest:
            self._by_refresh.pop(row.refresh_digest, None)
