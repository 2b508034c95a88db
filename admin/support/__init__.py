"""What support looks up: reports of devices and customers, searches, the audit trail."""
