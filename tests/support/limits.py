"""Counters that all instances share, and what this process remembers of them."""

from shared import cache
from shared.firestore import paths


def forget_limits() -> None:
    """As if nobody had asked Particle for a token lately, tried a code, or been told to wait.

    A query finds the counters: for `list_documents` the emulator looks through every document that
    it has ever held, deleted ones too.
    """
    for collection in (paths.LIMITS, paths.CLAIM_ATTEMPTS):
        for counter in paths.client().collection(collection).select([]).stream():
            counter.reference.delete()
    cache.empty_all()
