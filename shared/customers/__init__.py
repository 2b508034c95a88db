"""Shadow customers at Particle, and the tokens that their apps are given."""
