"""What devices publish, on its way from Pub/Sub to Firestore.

`message` reads what Pub/Sub delivered, `value` what is in the data, `tenure` knows whose it is,
`recorder` commits it, and `dead_letters` keeps what can never be stored.
"""
