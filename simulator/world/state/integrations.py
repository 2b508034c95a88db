"""Integrations: where events are forwarded to."""

from typing import Any

import msgspec

from simulator.world.state.table import Table


class Integration(msgspec.Struct, kw_only=True):
    """Forwards events whose name starts with `event`; it belongs to a product, else to a user."""

    id: str
    type: str
    event: str
    owner: str
    product_id: int | None = None
    name: str | None = None
    device_id: str | None = None
    disabled: bool = False
    created_at: float
    config: dict[str, Any] = {}
    logs: list[dict[str, Any]] = []
    counters: dict[str, int] = {}


class Integrations(Table[Integration]):
    """All integrations, by id."""

    def __init__(self) -> None:
        super().__init__("integrations", Integration)
