"""Every link of the chain, in order: who we are at Particle, what is deployed, whether it works."""

from admin.doctor import (
    at_particle,
    in_auth,
    in_firestore,
    in_functions,
    in_monitoring,
    in_public,
    in_pubsub,
    whole,
)

LINKS = (
    *at_particle.ACCESS,
    in_firestore.DATABASE,
    in_firestore.RULES,
    in_firestore.INDEXES,
    in_auth.USERS,
    in_auth.SIGN_IN,
    in_functions.FUNCTIONS,
    in_functions.VERSION,
    in_functions.ACCOUNT,
    in_public.CALLABLES,
    in_public.WEB_APP,
    in_pubsub.TOPIC,
    in_pubsub.PUBLISHERS,
    in_pubsub.SUBSCRIPTION,
    in_pubsub.DEAD_LETTER_TOPIC,
    at_particle.INTEGRATIONS,
    whole.CANARY,
    whole.EVENTS,
    in_firestore.DEAD_LETTERS,
    whole.SCHEDULED,
    whole.CLOCKS,
    in_monitoring.ALARMS,
)
