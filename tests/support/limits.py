"""Counters that all instances share, and what this process remembers of them."""

from shared import cloud, store


def forget_limits() -> None:
    """As if nobody had asked Particle for a token lately, tried a code, or been told to wait."""
    for collection in (store.LIMITS, store.CLAIM_ATTEMPTS):
        for counter in store.client().collection(collection).list_documents():
            counter.delete()
    cloud.tokens.cache_clear()
