"""This process's connections to Particle and to Firebase Auth, made at first use."""

import functools
import threading

import firebase_admin

from shared import settings
from shared.limits.token_budget import TokenBudget
from shared.particle import Particle, TokenCache

_firebase = threading.Lock()


@functools.cache
def particle() -> Particle:
    """The client of Particle; it keeps connections open between requests."""
    setting = settings.particle()
    return Particle(setting.api_url, setting.product)


@functools.cache
def tokens() -> TokenCache:
    """The access tokens of this process, which are kept in memory only."""
    setting = settings.particle()
    budget = TokenBudget(setting.client_id, setting.client_secret)
    return TokenCache(particle(), setting.client_id, setting.client_secret, budget)


def firebase() -> firebase_admin.App:
    """The Firebase app, for verifying ID tokens and for questions to Auth."""
    with _firebase:  # can be created once only, and an instance's first requests arrive together
        try:
            return firebase_admin.get_app()
        except ValueError:
            options = {"projectId": settings.project(), "httpTimeout": settings.AUTH_ANSWER}
            return firebase_admin.initialize_app(options=options)
