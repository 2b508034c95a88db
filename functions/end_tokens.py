"""Firestore trigger `end_tokens`: ends the tokens of Particle that a customer's apps have."""

from shared import settings
from shared.api.triggers import on_document_created
from shared.customers import app_tokens


@on_document_created("tokenEndings/{uid}", secrets=settings.PARTICLE_SECRETS)
def end_tokens(uid: str) -> None:
    """Run the job, if the request that created it has not; the next delivery does what it cannot.

    It cannot while the budget of token requests is spent, or Particle does not answer.
    """
    app_tokens.finish(uid)
