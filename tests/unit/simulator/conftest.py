"""One simulator for all tests of this folder, reset for each of them."""

from collections.abc import Iterator

import pytest

from simulator.settings import Settings
from tests.unit.simulator.world import World, world_of

# Short times, so that no test waits half a minute.
SETTINGS = Settings(device_timeout=0.3, keep_alive=0.1, retries=(0.05, 0.05))


@pytest.fixture(scope="session")
def simulated_world() -> Iterator[World]:
    with world_of(SETTINGS) as world:
        yield world


@pytest.fixture
def world(simulated_world: World) -> World:
    simulated_world.control("POST", "/reset")
    return simulated_world
