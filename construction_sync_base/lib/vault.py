"""Encryption of the secrets whose plain value is needed again (HMAC keys, OAuth).

The keys come from the environment or the configuration file, never from the
database: a copy of the database alone opens nothing. The first key encrypts, all
decrypt, so a key is replaced by putting the new one in front.
"""

import re

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

KEY_VARIABLE = "CONSTRUCTION_SYNC_SECRET_KEY"
# Fernet itself ignores what follows the padding, so a forgotten comma would lose a key.
_KEY = re.compile(r"[A-Za-z0-9_-]{43}=")


class VaultError(ValueError):
    """No usable key. The text never holds a key, a secret or a token."""


def load_keys(text):
    """The keys of a comma separated list (each 32 bytes in URL-safe base64), in order."""
    parts = [part for part in map(str.strip, (text or "").split(",")) if part]
    if not all(map(_KEY.fullmatch, parts)):
        raise VaultError(
            f"{KEY_VARIABLE} must hold keys of 32 bytes in URL-safe base64, comma separated"
        )
    return [Fernet(part) for part in parts]


def encrypt(plain, keys):
    """The secret as a token of ASCII text."""
    return _cipher(keys).encrypt(plain.encode()).decode()


def decrypt(token, keys):
    """The secret of a token; VaultError when none of the keys opens it."""
    cipher = _cipher(keys)
    try:
        return cipher.decrypt(token).decode()
    except (InvalidToken, ValueError, TypeError):
        raise VaultError(f"no key in {KEY_VARIABLE} opens this secret") from None


def _cipher(keys):
    if not keys:
        raise VaultError(f"{KEY_VARIABLE} is not set")
    return MultiFernet(keys)
