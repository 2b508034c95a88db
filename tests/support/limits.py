"""Counters that all instances share, and what this process remembers of them."""

from shared import cloud, store


def forget_limits() -> None:
    """As if nobody had asked Particle for a token lately, nor been told to wait."""
    for counter in store.client().collection(store.LIMITS).list_documents():
        counter.delete()
    cloud.tokens.cache_clear()
