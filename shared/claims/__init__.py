"""How a customer becomes the owner of a device, and how that ends."""
