"""What the tests of deploy.sh share."""

import pathlib

import pytest

from tests.unit.deploy.checkout import Checkout


@pytest.fixture
def checkout(tmp_path: pathlib.Path) -> Checkout:
    return Checkout(tmp_path)
