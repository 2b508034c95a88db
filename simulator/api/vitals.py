"""Device vitals: what a device measures about itself, and the routes that read it."""

import csv
import io
from typing import Any

import msgspec
from starlette.responses import Response

from simulator.api import errors
from simulator.api.call import Call, answer
from simulator.api.errors import ApiError
from simulator.api.routes import Routes
from simulator.world.clock import iso, parse_iso
from simulator.world.kinds import Kind
from simulator.world.platforms import CELLULAR
from simulator.world.state import Device, State, Vitals

EVENT = "spark/device/diagnostics/update"
# The cloud keeps a month; here the newest ones.
KEPT = 50

routes = Routes()


def measure(device: Device, kind: Kind, now: float) -> dict[str, Any]:
    """The vitals of this moment, in the documented shape."""
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
    """Measures, keeps the result for the routes below and returns the event's data."""
    payload = measure(device, kind, now)
    kept = state.vitals.get(device.id) or Vitals(device_id=device.id)
    kept.records.append({"updated_at": iso(now), "deviceID": device.id, "payload": payload})
    del kept.records[:-KEPT]
    state.vitals.put(device.id, kept)
    return msgspec.json.encode(payload).decode()


def _device(call: Call, right: str) -> Device:
    """The device in the path, of the user or of the product."""
    scope = f"devices.diagnostics:{right}"
    if "product" in call.path_params:
        return call.product_device(scope)[1]
    return call.own_device(scope)


def _records(call: Call) -> list[dict[str, Any]]:
    kept = call.cloud.state.vitals.get(_device(call, "get").id)
    return kept.records if kept else []


@routes.post(
    "/v1/diagnostics/{device}/update", "/v1/products/{product}/diagnostics/{device}/update"
)
async def refresh(call: Call) -> Response:
    device = _device(call, "update")
    if device.online and not device.hang:
        call.cloud.fleet.report_vitals(device)
    return answer({"ok": True}, 202)


@routes.get("/v1/diagnostics/{device}/last", "/v1/products/{product}/diagnostics/{device}/last")
async def last(call: Call) -> Response:
    records = _records(call)
    if not records:
        raise errors.failed(404, "No diagnostics found")  # invented
    return answer({"diagnostics": records[-1]})


@routes.get("/v1/diagnostics/{device}", "/v1/products/{product}/diagnostics/{device}")
async def history(call: Call) -> Response:
    records = _records(call)
    start = parse_iso(call.query.get("start_date", "1970-01-01"))
    end = parse_iso(call.query.get("end_date", "9999-01-01"))
    if start is None or end is None:
        text = "start_date and end_date must be ISO8601 formatted"
        raise ApiError(400, {"error": "bad_request", "description": text})
    kept = [v for v in records if start <= (parse_iso(v["updated_at"]) or 0) <= end]
    if "text/csv" in call.headers.get("accept", ""):
        return _as_csv(kept)
    return answer({"diagnostics": kept})


def _as_csv(vitals: list[dict[str, Any]]) -> Response:
    """One column per leaf; the column names are invented."""
    rows = [{"updated_at": v["updated_at"], **_leaves(v["payload"])} for v in vitals]
    columns = list(dict.fromkeys(name for row in rows for name in row)) or ["updated_at"]
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return Response(text.getvalue(), media_type="text/csv")


def _leaves(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    leaves: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            leaves |= _leaves(value, f"{prefix}{key}.")
        else:
            leaves[f"{prefix}{key}"] = value
    return leaves
