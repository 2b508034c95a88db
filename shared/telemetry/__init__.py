"""What devices publish, on its way from Pub/Sub to Firestore.

    ingest         takes a message: stores its event, or keeps the message as a dead letter
    message        reads what Pub/Sub delivers; `value` parses the event's data
    writer         stores events; those that wait at the same moment share a commit
    batcher        collects what waits into batches; `batch` makes the commit of one
    pending        an event that is being stored
    tenure         whose a device is, and since when
    repair         puts right what a commit without reads may have got wrong
    rollup         numbers for charts; `retention` how long events are kept
    presence       what status events say; `system_events` what Particle's other events say
    firmware       which version of the firmware a device runs
    arrivals       notices when no events arrive; `canary` tests the whole way
    dead_letters   keeps messages that can never be stored

`docs/ingest.md` describes what clients read.
"""
