"""The kinds of devices in the demo: a thermostat, a pump and a GPS tracker."""

import json
import math
from typing import Any, ClassVar

from simulator.world.kinds import Kind, function, variable
from simulator.world.platforms import BORON, PHOTON_2, TRACKER

# What a function returns when it refuses its argument.
BAD_ARGUMENT = -1
OUT_OF_RANGE = -2


def number(text: str) -> float | None:
    """Return the number in a text, or None when there is none or it is not finite."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def compact(value: dict[str, Any]) -> str:
    """Return JSON text without blanks, as firmware writes it."""
    return json.dumps(value, separators=(",", ":"))


class Thermostat(Kind):
    """Heats a room towards a target; publishes `temperature` (a number) and `state` (JSON)."""

    platform_id = PHOTON_2
    initial: ClassVar[dict[str, Any]] = {"target": 21.0, "temperature": 19.0, "mode": "heat"}

    LOWEST, HIGHEST = 5.0, 30.0
    OUTSIDE = 8.0
    # By which share of the difference the room gets colder or warmer in a second.
    LEAK, HEATER = 0.0008, 0.02

    @variable
    def target(self) -> float:
        """The target in degrees Celsius."""
        return float(self.state["target"])

    @variable
    def temperature(self) -> float:
        """The temperature of the room in degrees Celsius."""
        return round(float(self.state["temperature"]), 2)

    @variable
    def mode(self) -> str:
        """The mode, `heat` or `off`."""
        return str(self.state["mode"])

    @variable
    def heating(self) -> bool:
        """Whether the heater is on."""
        return bool(self.state["mode"] == "heat" and self.temperature() < self.target())

    @function
    def set_target(self, argument: str) -> int:
        """Set the target in degrees Celsius; return tenths, or a negative number if refused."""
        degrees = number(argument)
        if degrees is None:
            return BAD_ARGUMENT
        if not self.LOWEST <= degrees <= self.HIGHEST:
            return OUT_OF_RANGE
        self.state["target"] = round(degrees, 1)
        self.publish_state()
        return round(degrees * 10)

    @function
    def set_mode(self, argument: str) -> int:
        """Set the mode, `heat` or `off`."""
        if argument not in {"heat", "off"}:
            return BAD_ARGUMENT
        self.state["mode"] = argument
        self.publish_state()
        return 0

    def tick(self, seconds: float) -> None:
        """Let the room cool and the heater warm it; publish the temperature."""
        temperature = float(self.state["temperature"])
        temperature += (self.OUTSIDE - temperature) * min(1.0, self.LEAK * seconds)
        if self.heating():
            temperature += (self.target() + 1 - temperature) * min(1.0, self.HEATER * seconds)
        self.state["temperature"] = temperature + self.random.uniform(-0.03, 0.03)
        self.publish("temperature", f"{self.temperature():.2f}")
        if self.device.ticks % 6 == 1:
            self.publish_state()

    def press(self) -> None:
        """Raise the target by half a degree."""
        self.set_target(str(min(self.HIGHEST, self.target() + 0.5)))

    def publish_state(self) -> None:
        """Publish target, mode and whether the heater is on."""
        self.publish(
            "state",
            compact({"target": self.target(), "mode": self.mode(), "heating": self.heating()}),
        )


class Pump(Kind):
    """Pumps water at a speed of 0 to 100 %; publishes `flow` (JSON)."""

    platform_id = BORON
    initial: ClassVar[dict[str, Any]] = {"running": False, "speed": 60, "litres": 0.0}

    LITRES_PER_MINUTE = 40.0

    @variable
    def running(self) -> bool:
        """Whether the pump runs."""
        return bool(self.state["running"])

    @variable
    def speed(self) -> int:
        """The speed in per cent."""
        return int(self.state["speed"])

    @variable
    def litres(self) -> float:
        """The litres pumped so far."""
        return round(float(self.state["litres"]), 2)

    @function
    def start(self, _argument: str) -> int:
        """Start the pump."""
        return self.run(running=True)

    @function
    def stop(self, _argument: str) -> int:
        """Stop the pump."""
        return self.run(running=False)

    @function
    def set_speed(self, argument: str) -> int:
        """Set the speed in per cent; return it, or a negative number if refused."""
        percent = number(argument)
        if percent is None:
            return BAD_ARGUMENT
        if not 0 <= percent <= 100:  # noqa: PLR2004 - per cent
            return OUT_OF_RANGE
        self.state["speed"] = round(percent)
        self.publish_flow()
        return self.speed()

    @function
    def reset_litres(self, _argument: str) -> int:
        """Set the meter back to zero."""
        self.state["litres"] = 0.0
        self.publish_flow()
        return 0

    def run(self, *, running: bool) -> int:
        """Start or stop the pump."""
        self.state["running"] = running
        self.publish_flow()
        return int(running)

    def rate(self) -> float:
        """Return the litres per minute at this moment."""
        return self.LITRES_PER_MINUTE * self.speed() / 100 if self.running() else 0.0

    def tick(self, seconds: float) -> None:
        """Count the litres and publish the flow."""
        self.state["litres"] = float(self.state["litres"]) + self.rate() * seconds / 60
        self.publish_flow()

    def press(self) -> None:
        """Start or stop the pump."""
        self.run(running=not self.running())

    def publish_flow(self) -> None:
        """Publish rate, pressure, litres and whether the pump runs."""
        rate = self.rate() * self.random.uniform(0.97, 1.03)
        self.publish(
            "flow",
            compact(
                {
                    "rate": round(rate, 2),
                    "pressure": round(1.0 + rate / 20, 2),
                    "litres": self.litres(),
                    "running": self.running(),
                }
            ),
        )


class Tracker(Kind):
    """Drives around a town; publishes `loc` (JSON with latitude, longitude, speed)."""

    platform_id = TRACKER
    system_firmware_version = "6.2.1"
    initial: ClassVar[dict[str, Any]] = {
        "lat": 48.1374,
        "lon": 11.5755,
        "heading": 40.0,
        "speed": 9.0,
        "battery": 93.0,
        "driver": "",
    }

    METRES_PER_DEGREE = 111_320.0
    BATTERY_PER_HOUR = 2.0
    LONGEST_NAME = 40

    @variable
    def battery(self) -> float:
        """The charge of the battery in per cent."""
        return round(float(self.state["battery"]), 1)

    @variable
    def speed(self) -> float:
        """The speed in metres per second."""
        return round(float(self.state["speed"]), 1)

    @variable
    def position(self) -> str:
        """The location as JSON."""
        return compact(self.location())

    @function
    def locate(self, _argument: str) -> int:
        """Publish the location at once."""
        self.publish("loc", compact(self.location()))
        return 1

    @variable
    def driver(self) -> str:
        """The name of the driver."""
        return str(self.state["driver"])

    @function
    def set_driver(self, argument: str) -> int:
        """Set the name of the driver; return its length, or a negative number if refused."""
        if len(argument) > self.LONGEST_NAME:
            return OUT_OF_RANGE
        self.state["driver"] = argument
        return len(argument)

    def location(self) -> dict[str, float]:
        """Return latitude, longitude and speed."""
        return {
            "lat": round(float(self.state["lat"]), 6),
            "lon": round(float(self.state["lon"]), 6),
            "speed": self.speed(),
        }

    def tick(self, seconds: float) -> None:
        """Drive on, use some of the battery, and publish the location."""
        heading = (float(self.state["heading"]) + self.random.uniform(-20, 20)) % 360
        speed = min(25.0, max(0.0, float(self.state["speed"]) + self.random.uniform(-2, 2)))
        metres = speed * seconds
        lat = float(self.state["lat"])
        north = metres * math.cos(math.radians(heading)) / self.METRES_PER_DEGREE
        east = metres * math.sin(math.radians(heading)) / self.METRES_PER_DEGREE
        self.state["lat"] = lat + north
        self.state["lon"] = float(self.state["lon"]) + east / math.cos(math.radians(lat))
        self.state["heading"], self.state["speed"] = heading, speed
        used = self.BATTERY_PER_HOUR * seconds / 3600
        self.state["battery"] = max(5.0, float(self.state["battery"]) - used)
        self.publish("loc", compact(self.location()))

    def press(self) -> None:
        """Call for help, with the location."""
        self.publish("sos", compact(self.location()))


KINDS: dict[str, type[Kind]] = {kind.kind: kind for kind in (Thermostat, Pump, Tracker)}
