"""What the operator's commands ask of Particle, beside the functions' own client."""
