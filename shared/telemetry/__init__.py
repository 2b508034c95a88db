"""What devices publish, on its way from Pub/Sub to Firestore.

    intake      the one way of a message: read it, record it, or keep it as a dead letter
    message     reads what Pub/Sub delivered; `value` what is in the data
    recorder    stores events, those that wait together in one commit (`sharing`, `group`)
    tenure      knows whose a device is; `settling` puts right what a commit without reads got wrong
    rollup      numbers for charts; `presence` and `system` what Particle's own events say
    retention   how long it is kept; `dead_letters` what can never be stored
    protobuf    commits in the form in which they are sent; `commits` how long they are tried

`docs/ingest.md` describes what clients read.
"""
