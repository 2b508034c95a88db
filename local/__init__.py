"""The local stack: every service of the product on this machine, for the demo and for the tests."""

from local.errors import StackError
from local.stack import Stack

__all__ = ["Stack", "StackError"]
