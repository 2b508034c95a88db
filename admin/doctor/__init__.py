"""Whether a deployment works: each link of the chain from Particle to Firestore, examined in order.

`finding` says what is found out about a link, `deployment` what the checks look at; the other
modules hold the checks, and `chain` puts them in order.
"""
