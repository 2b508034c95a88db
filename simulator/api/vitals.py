"""Reading and refreshing the vitals of devices."""

import csv
import io
from typing import Any

from starlette.responses import Response

from simulator.api import errors
from simulator.api.call import Call, answer
from simulator.api.errors import ApiError
from simulator.api.routes import Routes
from simulator.world.clock import parse_iso
from simulator.world.state.devices import Device

routes = Routes()


def _device(call: Call, right: str) -> Device:
    """The device in the path, one's own or one of the product."""
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
    """Ask a device for its vitals, which it then reports by an event."""
    device = _device(call, "update")
    if device.online and not device.hang:
        call.cloud.fleet.report_vitals(device)
    return answer({"ok": True}, 202)


@routes.get("/v1/diagnostics/{device}/last", "/v1/products/{product}/diagnostics/{device}/last")
async def last(call: Call) -> Response:
    """Show the newest vitals of a device."""
    records = _records(call)
    if not records:
        raise errors.failed(404, "No diagnostics found")  # invented
    return answer({"diagnostics": records[-1]})


@routes.get("/v1/diagnostics/{device}", "/v1/products/{product}/diagnostics/{device}")
async def history(call: Call) -> Response:
    """List the vitals of a device between two dates, as JSON or as CSV."""
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
    """One column for each value; the names of the columns are invented."""
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
