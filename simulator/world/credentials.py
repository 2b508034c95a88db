"""Makes ids and secrets, and the digests under which secrets are stored."""

import hashlib
import secrets


def new_id() -> str:
    """Return a new 24-digit hexadecimal id, as users, customers and integrations have."""
    return secrets.token_hex(12)


def new_secret() -> str:
    """Return a new 40-digit hexadecimal token or client secret."""
    return secrets.token_hex(20)


def digest(secret: str) -> str:
    """Return what is stored instead of a secret of high entropy."""
    return hashlib.sha256(secret.encode()).hexdigest()


def hash_password(password: str, salt: bytes | None = None) -> str:
    """Return what is stored instead of a password: the salt and the scrypt hash."""
    salt = salt or secrets.token_bytes(8)
    hashed = hashlib.scrypt(password.encode(), salt=salt, n=1024, r=8, p=1, dklen=20)
    return f"{salt.hex()}:{hashed.hex()}"


def password_matches(password: str, stored: str | None) -> bool:
    """Whether this is the password of an account; never so for an account without one."""
    if stored is None:
        return False
    salt = bytes.fromhex(stored.partition(":")[0])
    return secrets.compare_digest(hash_password(password, salt), stored)
