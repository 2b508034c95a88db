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
    """The client; it keeps connections open between requests."""
    setting = settings.particle()
    return Particle(setting.api_url, setting.product)


@functools.cache
def tokens() -> TokenCache:
    """The tokens of this process; in memory alone."""
    setting = settings.particle()
    budget = TokenBudget(setting.client_id, setting.client_secret)
    return TokenCache(particle(), setting.client_id, setting.client_secret, budget)


def firebase() -> firebase_admin.App:
    """The app that ID tokens are verified for, and whose users Auth is asked about."""
    with _firebase:  # it may be made once only, and an instance's first requests come together
        try:
            return firebase_admin.get_app()
        except ValueError:
            # The default is two minutes for an answer: more than a function has.
            options = {"projectId": settings.project(), "httpTimeout": 10}
            return firebase_admin.initialize_app(options=options)
