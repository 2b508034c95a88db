"""Counters that all instances share, and what this process remembers of them."""

from shared import cache
from shared.firestore import paths


def forget_limits() -> None:
    """As if nobody had asked Particle for a token lately, tried a code, or been told to wait."""
    for collection in (paths.LIMITS, paths.CLAIM_ATTEMPTS):
        for counter in paths.client().collection(collection).list_documents():
            counter.delete()
    cache.empty_all()
