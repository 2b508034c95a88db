"""What exists in the simulated cloud, and what happens there."""
