"""Does a deployment work? Every link of the chain from Particle to the app, examined in order.

`finding` defines links and findings, `deployment` is what the checks examine, the other modules
have the checks, and `chain` puts them in order.
"""
