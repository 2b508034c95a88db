"""The kinds of devices in the demo: a thermostat, a pump and a GPS tracker."""

import json
import math
from typing import Any, ClassVar

from simulator.world import texts
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
    """Drives around a town; publishes `loc` as Particle's own firmware for trackers does.

    The firmware, Tracker Edge, publishes when the device gets or loses its fix, when it has moved,
    but not more often than `SHORTEST`, and at the latest after `LONGEST`.
    """

    platform_id = TRACKER
    system_firmware_version = "6.2.1"
    initial: ClassVar[dict[str, Any]] = {
        "lat": 48.1374,
        "lon": 11.5755,
        "altitude": 519.0,
        "heading": 40.0,
        "speed": 9.0,
        "battery": 93.0,
        "driver": "",
        "fix": True,
    }

    METRES_PER_DEGREE = 111_320.0
    BATTERY_PER_HOUR = 2.0
    # Bytes: enough for 40 characters of any kind.
    LONGEST_NAME = 160
    # Seconds between two locations, which are the defaults of Tracker Edge, and metres.
    SHORTEST, LONGEST = 30.0, 300.0
    RADIUS = 100.0

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        # Since the device has started: the number of its messages, and of the last one the time
        # that has passed since, whether there was a fix, and the metres driven since.
        self.messages = 0
        self.silent = self.SHORTEST
        self.had_fix = False
        self.driven = 0.0

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
        """The location as JSON: what is `loc` in the event."""
        return compact(self.location())

    @function
    def locate(self, _argument: str) -> int:
        """Publish the location at once."""
        self.publish_location("user")
        return 1

    @variable
    def driver(self) -> str:
        """The name of the driver."""
        return str(self.state["driver"])

    @function
    def set_driver(self, argument: str) -> int:
        """Set the name of the driver; return its bytes, or a negative number if refused."""
        length = texts.size(argument)
        if length > self.LONGEST_NAME:
            return OUT_OF_RANGE
        self.state["driver"] = argument
        return length

    def location(self) -> dict[str, float]:
        """Return where the device is, or without a fix only what it measures itself."""
        measured = {
            "cell": round(self.random.uniform(40, 90), 1),
            "batt": self.battery(),
            "temp": round(self.random.uniform(21, 23), 1),
        }
        if not self.state["fix"]:
            return {"lck": 0, **measured}
        return {
            "lck": 1,
            "time": int(self.now()) - self.random.randint(0, 2),
            "lat": round(float(self.state["lat"]), 8),
            "lon": round(float(self.state["lon"]), 8),
            "alt": round(float(self.state["altitude"]), 3),
            "hd": round(float(self.state["heading"]), 2),
            "h_acc": round(self.random.uniform(3, 12), 3),
            "v_acc": round(self.random.uniform(5, 16), 3),
            "spd": round(float(self.state["speed"]), 2),
            **measured,
        }

    def publish_location(self, *triggers: str) -> None:
        """Publish the location, with what made the device do so."""
        self.messages += 1
        message = {
            "cmd": "loc",
            "time": int(self.now()),
            "loc": self.location(),
            "trig": triggers,
            "req_id": self.messages,
        }
        self.silent = self.driven = 0.0
        self.had_fix = bool(self.state["fix"])
        self.publish("loc", compact(message))

    def tick(self, seconds: float) -> None:
        """Drive on, use some of the battery, and publish the location when it is due."""
        self.drive(seconds)
        used = self.BATTERY_PER_HOUR * seconds / 3600
        self.state["battery"] = max(5.0, float(self.state["battery"]) - used)
        self.silent += seconds
        if self.silent < self.SHORTEST:
            return
        reasons = {
            "lock": self.had_fix != self.state["fix"],
            "radius": bool(self.state["fix"]) and self.driven > self.RADIUS,
            "time": self.silent >= self.LONGEST,
        }
        if any(reasons.values()):
            self.publish_location(*(name for name, holds in reasons.items() if holds))

    def drive(self, seconds: float) -> None:
        """Move on for so long, with a little change of heading, speed and altitude."""
        heading = (float(self.state["heading"]) + self.random.uniform(-20, 20)) % 360
        speed = min(25.0, max(0.0, float(self.state["speed"]) + self.random.uniform(-2, 2)))
        metres = speed * seconds
        lat = float(self.state["lat"])
        north = metres * math.cos(math.radians(heading)) / self.METRES_PER_DEGREE
        east = metres * math.sin(math.radians(heading)) / self.METRES_PER_DEGREE
        self.state["lat"] = lat + north
        self.state["lon"] = float(self.state["lon"]) + east / math.cos(math.radians(lat))
        self.state["altitude"] = float(self.state["altitude"]) + self.random.uniform(-1, 1)
        self.state["heading"], self.state["speed"] = heading, speed
        self.driven += metres

    def press(self) -> None:
        """Call for help, with the location."""
        self.publish("sos", compact(self.location()))


KINDS: dict[str, type[Kind]] = {kind.kind: kind for kind in (Thermostat, Pump, Tracker)}
