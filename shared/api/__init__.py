"""How the platform reaches the functions: callables, their requests, and triggers."""
