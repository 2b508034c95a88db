"""Customers' accounts: their sign-ins, their activity, whether they were deleted."""
