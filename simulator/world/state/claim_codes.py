"""Claim codes that no device has presented yet."""

import msgspec

from simulator.world.state.table import Table


class ClaimCode(msgspec.Struct, kw_only=True):
    """A code that makes its creator the owner of the device that presents it."""

    digest: str
    account: str
    product_id: int | None
    expires_at: float


class ClaimCodes(Table[ClaimCode]):
    """All claim codes, by their digest."""

    def __init__(self) -> None:
        super().__init__("claim_codes", ClaimCode)
