"""How people are told of alerts.

preferences   what a customer wants to be told, by which channel, and not at which hours
fan_out       who is told of an entry in an alert's log: the outbox gets a delivery for each
outbox        deliveries: taken by one run at a time, repeated until they succeed or are given up
deliver       what a run does with a delivery: looks at the right again, sends, notes the outcome
sending       what every channel takes, and how it fails
by_mail       sends a mail
by_webhook    posts to a receiver of the owner's
webhooks      those receivers, and the secrets that sign
trial         a test message to one of them
words         what a mail says
"""
