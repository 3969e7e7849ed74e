"""Who sent it: Standard Webhooks signatures, plain HMAC headers and bearer-like tokens.

Verifying never raises, whatever the headers, the body or a stored secret hold: a
header that cannot be read is a wrong signature, not a server error, and a platform
without a usable secret accepts nothing. Comparisons take constant time.
"""

import base64
import hashlib
import hmac
import secrets as random_source

PREFIX = "whsec_"
TOLERANCE = 300  # seconds, both ways, inclusive (Standard Webhooks, contract)
SECRET_BYTES = 32
KEY_BYTES = range(24, 65)  # of a Standard Webhooks key that somebody else made (its spec)
TOKEN_LENGTH = range(16, 501)
# Schemes that sign the body alone, in a header of the platform's choice: digest and spelling.
HMAC_SCHEMES = {
    "hmac_sha1_hex": ("sha1", bytes.fromhex),
    "hmac_sha256_hex": ("sha256", bytes.fromhex),
    "hmac_sha256_base64": ("sha256", lambda text: base64.b64decode(text, validate=True)),
}
# Schemes whose plain secret is needed to judge a request.
SIGNING_SCHEMES = {"standard_webhooks", *HMAC_SCHEMES}


def new_secret():
    """A fresh signing secret in the form that senders expect."""
    return PREFIX + base64.b64encode(random_source.token_bytes(SECRET_BYTES)).decode()


def new_token():
    """A fresh bearer or static-header token, safe in a header as it is."""
    return random_source.token_urlsafe(SECRET_BYTES)


def hash_token(token):
    """What is stored of a token. It is random, so it needs no slow hash."""
    return hashlib.sha256(_bytes(token)).hexdigest()


def is_usable(scheme, secret):
    """Whether a secret that somebody else made can prove a sender: of the scheme's form, and
    too long to be guessed."""
    if scheme == "standard_webhooks":
        return isinstance(secret, str) and len(_key(secret)) in KEY_BYTES
    text = secret if isinstance(secret, str) else ""
    return len(text) in TOKEN_LENGTH and all("!" <= letter <= "~" for letter in text)


def sign(secret, msg_id, timestamp, body):
    """The ``v1,…`` signature of a message; ValueError when the secret is unusable."""
    key = _key(secret)
    if not key:
        raise ValueError("the signing secret is empty or not base64")
    return _signature(key, msg_id, timestamp, body)


def verify_standard_webhooks(secrets, headers, body, now):
    """Whether one of the secrets signed the raw ``body``.

    ``secrets``: text as handed out (``whsec_`` + base64, padding optional) or raw
    key bytes; several during a rotation. ``now``: Unix time in seconds.
    """
    msg_id = _header(headers, "webhook-id")
    timestamp = _header(headers, "webhook-timestamp")
    presented = _header(headers, "webhook-signature")
    if not (msg_id and presented and timestamp.isdigit() and len(timestamp) <= 12):
        return False
    if not abs(now - int(timestamp)) <= TOLERANCE:
        return False
    signatures = [part.encode() for part in presented.split() if part.startswith("v1,")]
    accepted = False
    for secret in secrets:
        key = _key(secret)
        if not key:
            continue
        expected = _signature(key, msg_id, timestamp, body).encode()
        for signature in signatures:
            accepted |= hmac.compare_digest(expected, signature)
    return accepted


def verify_hmac(scheme, secrets, presented, body, prefix=""):
    """Whether one of the secrets signed the raw ``body``.

    ``scheme``: one of ``HMAC_SCHEMES``. ``secrets``: text as handed out, whose UTF-8 is the
    key; several during a rotation. ``presented``: the header's value; ``prefix``: what has
    to stand in front of the digest (Autodesk: ``sha1hash=``). The digest is all that tells
    two messages apart: there is no time in it, so a repetition is stopped by its identity.
    """
    algorithm, decode = HMAC_SCHEMES[scheme]
    digest = _digest(presented, prefix, decode)
    accepted = False
    for secret in secrets:
        key = _bytes(secret) if isinstance(secret, str | bytes) else b""
        if key.strip():
            accepted |= hmac.compare_digest(hmac.digest(key, body, algorithm), digest)
    return accepted


def _digest(presented, prefix, decode):
    """The bytes of a presented digest, b"" where it has another form: no digest is empty."""
    if not isinstance(presented, str) or not presented.isascii():
        return b""
    text = presented.strip()
    if not text.startswith(prefix):
        return b""
    text = text[len(prefix) :]
    if any(character.isspace() for character in text):  # which bytes.fromhex would skip
        return b""
    try:
        return decode(text)
    except ValueError:
        return b""


def verify_token(digests, presented):
    """Whether the presented token has one of the stored SHA-256 digests."""
    if not isinstance(presented, str | bytes) or not presented:
        return False
    digest = hash_token(presented).encode()
    accepted = False
    for stored in digests:
        if isinstance(stored, str):
            accepted |= hmac.compare_digest(digest, _bytes(stored))
    return accepted


def _signature(key, msg_id, timestamp, body):
    digest = hmac.digest(key, f"{msg_id}.{timestamp}.".encode() + body, "sha256")
    return "v1," + base64.b64encode(digest).decode()


def _header(headers, name):
    """The header's text; "" when it is absent or not ASCII, which no valid one is."""
    value = headers.get(name) or headers.get(name.title())
    return value if isinstance(value, str) and value.isascii() else ""


def _key(secret):
    """The key bytes of a secret, b"" when there are none."""
    if isinstance(secret, bytes):
        if not secret.startswith(PREFIX.encode()):
            return secret
        secret = secret.decode(errors="replace")
    if not isinstance(secret, str):
        return b""
    text = secret.strip().removeprefix(PREFIX).rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        return b""


def _bytes(text):
    return text if isinstance(text, bytes) else text.encode(errors="surrogatepass")
