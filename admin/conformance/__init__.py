"""Whether Particle answers as this product assumes: harmless requests, and what is expected."""
