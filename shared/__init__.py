"""What the functions share: the Particle client, ownership, customers, commands and telemetry."""
