"""The rehearsal: what customers do with a device, done once against a whole deployment."""
