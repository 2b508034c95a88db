"""What people do with alerts: make, change, delete and acknowledge them.

`shared/telemetry/alerts` decides what an alert makes of events and of time.
"""
