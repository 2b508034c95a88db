"""The vitals of devices: what a device measures about itself."""

from typing import Any

import msgspec

from simulator.world.clock import iso
from simulator.world.kinds import Kind
from simulator.world.platforms import CELLULAR
from simulator.world.state import State
from simulator.world.state.devices import Device
from simulator.world.state.vitals import Vitals

EVENT = "spark/device/diagnostics/update"
# Measurements kept for each device. The real cloud keeps those of a month.
KEPT = 50


def measure(device: Device, kind: Kind, now: float) -> dict[str, Any]:
    """Measure the vitals of this moment, in the documented shape."""
    cellular = device.platform_id in CELLULAR
    network: dict[str, Any] = {
        "signal": {
            "at": "LTE Cat-M1" if cellular else "Wi-Fi",
            "strength": round(kind.random.uniform(60, 95), 2),
            "strength_units": "%",
            "strengthv": -kind.random.randint(45, 85),
            "strengthv_units": "dBm",
            "strengthv_type": "RSRP" if cellular else "RSSI",
            "quality": round(kind.random.uniform(40, 90), 2),
            "quality_units": "%",
            "qualityv": -kind.random.randint(8, 14) if cellular else kind.random.randint(20, 40),
            "qualityv_units": "dB",
            "qualityv_type": "RSRQ" if cellular else "SNR",
        },
        "connection": {
            "status": "connected",
            "error": 0,
            "disconnects": 0,
            "attempts": 1,
            "disconnect_reason": "unknown",
        },
    }
    if cellular:
        network["cellular"] = {
            "radio_access_technology": "LTE",
            "operator": "AT&T Wireless Inc.",
            "cell_global_identity": {
                "mobile_country_code": 310,
                "mobile_network_code": "410",
                "location_area_code": 3339,
                "cell_id": 205999999,
            },
        }
    uptime = round(now - (device.last_handshake_at or now))
    return {
        "device": {
            "network": network,
            "cloud": {
                "connection": {
                    "status": "connected",
                    "error": 0,
                    "attempts": 1,
                    "disconnects": 0,
                    "disconnect_reason": "none",
                },
                "coap": {"transmit": device.sent, "retransmit": 0, "unack": 0, "round_trip": 872},
                "publish": {"rate_limited": 0},
            },
            "power": {
                "battery": {
                    "charge": device.state.get("battery", {"err": -210}),
                    "state": "not_charging" if "battery" in device.state else "unknown",
                },
                "source": "battery" if "battery" in device.state else "VIN",
            },
            "system": {"uptime": uptime, "memory": {"used": 73_976, "total": 167_688}},
        },
        "service": {
            "device": {"status": "ok"},
            "cloud": {"uptime": uptime, "publish": {"sent": device.sent}},
            "coap": {"round_trip": 228},
        },
    }


def report(state: State, device: Device, kind: Kind, now: float) -> str:
    """Measure, keep the result for the API, and return the data of the event that reports it."""
    payload = measure(device, kind, now)
    kept = state.vitals.get(device.id) or Vitals(device_id=device.id)
    kept.records.append({"updated_at": iso(now), "deviceID": device.id, "payload": payload})
    del kept.records[:-KEPT]
    state.vitals.put(device.id, kept)
    return msgspec.json.encode(payload).decode()
