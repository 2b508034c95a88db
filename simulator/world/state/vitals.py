"""The vitals that devices have measured."""

from typing import Any

import msgspec

from simulator.world.state.table import Table


class Vitals(msgspec.Struct, kw_only=True):
    """What a device has measured about itself, oldest first."""

    device_id: str
    records: list[dict[str, Any]] = []


class VitalsTable(Table[Vitals]):
    """The vitals of all devices, by device id."""

    def __init__(self) -> None:
        super().__init__("vitals", Vitals)
