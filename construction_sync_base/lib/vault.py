"""Encryption of the secrets whose plain value is needed again (HMAC keys, OAuth).

The keys come from the environment or the configuration file, never from the
database: a copy of the database alone opens nothing. The first key encrypts, all
decrypt, so a key is replaced by putting the new one in front and encrypting anew.

A stored secret reads ``<key id>:<token>``. The id is public: it says which key is
needed and nothing about it.
"""

import base64
import hashlib
import re
from dataclasses import dataclass, field

from cryptography.fernet import Fernet, InvalidToken

KEY_VARIABLE = "CONSTRUCTION_SYNC_SECRET_KEY"
# Fernet itself ignores what follows the padding, so a forgotten comma would lose a key.
_KEY = re.compile(r"[A-Za-z0-9_-]{43}=")
_STORED = re.compile(r"([0-9a-f]{8}):([A-Za-z0-9_=-]+)")
_LABEL = b"construction_sync key id\0"  # the digest of a key is used for nothing else


class VaultError(ValueError):
    """No usable key. The text never holds a key, a secret or a token."""


@dataclass(frozen=True)
class Key:
    """One installation key. ``id``: eight hex digits, safe to show and to store."""

    id: str
    _cipher: Fernet = field(repr=False, compare=False)

    @classmethod
    def of(cls, text):
        digest = hashlib.sha256(_LABEL + base64.urlsafe_b64decode(text)).hexdigest()
        return cls(digest[:8], Fernet(text))

    def encrypt(self, plain):
        return f"{self.id}:{self._cipher.encrypt(plain.encode()).decode()}"

    def decrypt(self, token):
        return self._cipher.decrypt(token).decode()


def load_keys(text):
    """The keys of a comma separated list (each 32 bytes in URL-safe base64), in order."""
    parts = [part for part in map(str.strip, (text or "").split(",")) if part]
    if not all(map(_KEY.fullmatch, parts)):
        raise VaultError(
            f"{KEY_VARIABLE} must hold keys of 32 bytes in URL-safe base64, comma separated"
        )
    return [Key.of(part) for part in parts]


def encrypt(plain, keys):
    """The secret as ASCII text for the database, under the first key."""
    return _usable(keys)[0].encrypt(plain)


def decrypt(stored, keys):
    """The secret; VaultError names the id of a key that is missing."""
    _usable(keys)
    key_id = key_id_of(stored)
    for key in keys:
        if key.id == key_id:
            try:
                return key.decrypt(stored.partition(":")[2])
            except (InvalidToken, ValueError):
                raise VaultError(f"the secret under key {key_id} is damaged") from None
    named = f"key {key_id}" if key_id else "a key without id"
    raise VaultError(f"{named} is needed and not in {KEY_VARIABLE}")


def key_id_of(stored):
    """Id of the key that a stored secret needs; None for what `encrypt` did not make."""
    found = _STORED.fullmatch(stored) if isinstance(stored, str) else None
    return found[1] if found else None


def reencrypt(stored, keys):
    """The same secret under the first key; unchanged when it already is.

    :raises VaultError: it does not open, so that nothing may be replaced
    """
    plain = decrypt(stored, keys)
    return stored if key_id_of(stored) == keys[0].id else encrypt(plain, keys)


def _usable(keys):
    if not keys:
        raise VaultError(f"{KEY_VARIABLE} is not set")
    return keys
