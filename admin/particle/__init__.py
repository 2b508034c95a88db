"""What only the operator's commands ask of Particle."""
