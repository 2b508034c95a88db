"""The base of all kinds of virtual devices: functions, variables, events and a button.

A new kind is a class of a few lines. A function takes the text of its argument and returns a 32-bit
integer. A variable returns int, float, str or bool, and its return annotation is the type that the
API reports. `tick` is called every few seconds while the device is online:

    class Lamp(Kind):
        initial = {"on": False}

        @variable
        def on(self) -> bool:
            return self.state["on"]

        @function
        def switch(self, argument: str) -> int:
            self.state["on"] = argument == "on"
            self.publish("lamp", argument)
            return 1
"""

import importlib.util
import inspect
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, TypeVar, get_type_hints

from simulator.world.platforms import PHOTON_2
from simulator.world.state.devices import Device

Publish = Callable[[str, str], None]
Method = TypeVar("Method", bound=Callable[..., Any])

# The names of the types of variables in the API.
TYPES = {int: "int32", float: "double", str: "string", bool: "bool"}


def function(method: Method) -> Method:
    """Mark a method as a function that the cloud can call."""
    method.__dict__["particle"] = "function"
    return method


def variable(method: Method) -> Method:
    """Mark a method as a variable that the cloud can read."""
    method.__dict__["particle"] = "variable"
    return method


class Kind:
    """The base of all kinds; each virtual device is one object of a kind.

    Attributes:
        kind: its name in the fleet file; by default the name of the class in lower case.
        platform_id: of its hardware.
        system_firmware_version: its version of Device OS.
        initial: the JSON values in `state` when a device is created.
        subscriptions: prefixes of the events that the device subscribes to, see `receive`.
        functions: the names of its functions, collected from the class.
        variables: the API's types of its variables by name, collected from the class.
        device: the row of the device.
        publish: publishes an event, by its name and data.
        now: the device's clock, in seconds since 1970.
        random: random numbers for its behaviour.
    """

    kind: ClassVar[str] = ""
    platform_id: ClassVar[int] = PHOTON_2
    system_firmware_version: ClassVar[str] = "5.8.0"
    initial: ClassVar[dict[str, Any]] = {}
    subscriptions: ClassVar[tuple[str, ...]] = ()

    functions: ClassVar[list[str]] = []
    variables: ClassVar[dict[str, str]] = {}

    def __init_subclass__(cls) -> None:
        cls.kind = cls.__dict__.get("kind") or cls.__name__.lower()
        marked = [
            (name, method.__dict__["particle"], method)
            for name, method in inspect.getmembers(cls, inspect.isfunction)
            if "particle" in method.__dict__
        ]
        cls.functions = [name for name, mark, _ in marked if mark == "function"]
        cls.variables = {
            name: TYPES[get_type_hints(method)["return"]]
            for name, mark, method in marked
            if mark == "variable"
        }

    def __init__(
        self, device: Device, publish: Publish, now: Callable[[], float] = time.time
    ) -> None:
        self.device = device
        self.publish = publish
        self.now = now
        # Seeded, so that the same device always behaves the same and a demo can be repeated.
        self.random = random.Random(f"{device.id}{device.ticks}")  # noqa: S311 - no secret

    @property
    def state(self) -> dict[str, Any]:
        """What the device remembers; it is kept in the state file."""
        return self.device.state

    def tick(self, seconds: float) -> None:
        """Act after so many seconds have passed: move the physics on and publish what is due."""

    def press(self) -> None:
        """Act on a press of the button on the device."""

    def receive(self, event: str, data: str | None) -> None:
        """Act on an event that the device subscribes to."""

    def call(self, name: str, argument: str) -> int:
        """Call a function as the cloud does; the result wraps around at 32 bits."""
        value = int(getattr(self, name)(argument))
        return (value + 2**31) % 2**32 - 2**31

    def read(self, name: str) -> float | str | bool:
        """Read a variable as the cloud does."""
        value: float | str | bool = getattr(self, name)()
        return value


def load_kinds(path: Path) -> list[type[Kind]]:
    """Return the kinds that a Python file defines.

    Raises:
        ValueError: it is not a Python file.
    """
    name = f"simulator_kinds_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ValueError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Kind) and value.__module__ == name
    ]
