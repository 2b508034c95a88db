"""The simulator's control API, as the tests use it."""

from typing import Any

import requests


class Simulator:
    """Controls and inspects the simulated cloud and its devices."""

    def __init__(self, url: str) -> None:
        """Use the simulator at this address."""
        self._url = f"{url}/control"

    def device(self, device_id: str) -> dict[str, Any]:
        """Return a device: whether it is online, its owner, its state, ..."""
        devices: list[dict[str, Any]] = self._send("GET", "/devices")["devices"]
        return next(device for device in devices if device["id"] == device_id)

    def customers(self) -> list[dict[str, Any]]:
        """Return the product's customers."""
        customers: list[dict[str, Any]] = self._send("GET", "/customers")["customers"]
        return customers

    def set_online(self, device_id: str, *, online: bool) -> None:
        """Take a device offline or bring it online."""
        self._send("PATCH", f"/devices/{device_id}", {"online": online})

    def connect(self, device_id: str, claim_code: str) -> None:
        """Let a device connect again and present a claim code."""
        self._send("POST", f"/devices/{device_id}/connect", {"claimCode": claim_code})

    def add_device(self, **settings: Any) -> dict[str, Any]:
        """Create a device that publishes nothing by itself."""
        device: dict[str, Any] = self._send("POST", "/devices", {"interval": 0, **settings})
        return device

    def publish(self, device_id: str, name: str, data: str) -> None:
        """Let a device publish an event."""
        self._send("POST", f"/devices/{device_id}/publish", {"name": name, "data": data})

    def fail(self, where: dict[str, str], fault: dict[str, Any], count: int | None = None) -> None:
        """Put a fault in force for the next `count` requests, or for all."""
        body: dict[str, Any] = {"where": where, "fault": fault}
        self._send("POST", "/faults", body if count is None else {**body, "count": count})

    def heal(self) -> None:
        """End all faults."""
        self._send("DELETE", "/faults")

    def requests(self, method: str = "", path: str = "") -> list[dict[str, Any]]:
        """Return the requests since `forget`, by their method and a part of their path."""
        found: list[dict[str, Any]] = self._send("GET", "/journal")["requests"]
        return [r for r in found if r["method"].startswith(method) and path in r["path"]]

    def forget(self) -> None:
        """Empty the journal."""
        self._send("DELETE", "/journal")

    def _send(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = requests.request(method, self._url + path, json=body, timeout=30)
        answer.raise_for_status()
        return answer.json() if answer.content else None
