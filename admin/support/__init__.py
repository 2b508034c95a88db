"""What support looks up: devices, customers, the audit trail."""
