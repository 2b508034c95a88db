"""Every link of the chain in order: access to Particle, what is deployed, whether it works."""

from admin.doctor import (
    at_particle,
    end_to_end,
    in_auth,
    in_firestore,
    in_functions,
    in_monitoring,
    in_public,
    in_pubsub,
)

LINKS = (
    *at_particle.ACCESS,
    in_firestore.DATABASE,
    in_firestore.RULES,
    in_firestore.INDEXES,
    in_auth.USERS,
    in_auth.SIGN_IN,
    in_functions.PRODUCT_FILES,
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
    end_to_end.CANARY,
    end_to_end.EVENTS,
    in_firestore.DEAD_LETTERS,
    end_to_end.SCHEDULED,
    end_to_end.DUE,
    end_to_end.CLOCKS,
    in_monitoring.ALARMS,
)
