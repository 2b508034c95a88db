"""Messages that were not stored: described, stored after all, or dropped."""
