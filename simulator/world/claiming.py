"""Claiming by code, as seen from the device that presents the code."""

from simulator.world.clock import Clock
from simulator.world.credentials import digest
from simulator.world.state import State
from simulator.world.state.devices import Device


def present_code(state: State, clock: Clock, device: Device, code: str | None) -> bool:
    """Let a connecting device present its claim code, or its modem's numbers as one.

    A code that is wrong, expired or of another product has no effect, and there is no error.

    Returns:
        Whether the device has got an owner by it.
    """
    shown = [value for value in (code, device.iccid, device.imei) if value]
    for row in filter(None, (state.claim_codes.get(digest(value)) for value in shown)):
        state.claim_codes.remove(row.digest)
        fits = row.product_id is None or row.product_id == device.member_of
        if row.expires_at > clock.now() and fits and device.owner is None:
            state.devices.set_owner(device, row.account)
            return True
    return False
