"""The local stack: all services of the product on this machine, for the demo and the tests."""

from local.errors import StackError
from local.stack import Stack

__all__ = ["Stack", "StackError"]
