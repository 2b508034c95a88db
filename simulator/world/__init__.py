"""What exists in the simulated cloud and what happens there; it knows nothing of the API."""
