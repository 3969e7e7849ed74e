"""The audit's arithmetic: canonical text, hashes of rows, seals, signatures.

A seal covers a batch of rows. It names exactly which ones, holds one hash over the
hashes of those rows, the hash and signature of the seal before, and a signature by a
key that the database never sees. So a changed, deleted or inserted row is found, and
so is a chain that somebody computed anew. Only the end of the chain can be cut off
without a trace inside: against that, signed checkpoints are kept elsewhere.
"""

import base64
import hashlib
import json
import os
import re
import unicodedata
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

VERSION = "construction-audit/1"
KEY_VARIABLE = "CONSTRUCTION_SYNC_AUDIT_KEY"
GENESIS = "0" * 64
SALT_BYTES = 16
_KEY = re.compile(r"[A-Za-z0-9_-]{43}=?")
_SPAN = re.compile(r"\[([0-9]+),([0-9]+)\)")


class SealingError(ValueError):
    """A key or a checkpoint that cannot be used. The text never holds a private key."""


# ------------------------------------------------------------- canonical text
def dumps(value):
    """JSON with sorted keys and without blanks, text exactly as it is stored."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def canonical(value):
    """Canonical text of what is to be recorded: Decimal as text, times in UTC, texts NFC.

    Normalised before it is stored and hashed as stored: a later change from one form of
    the same letter to the other is a change like any other.
    """
    return dumps(_plain(value))


def _plain(value):
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, (float, Decimal)):
        return format(value, "f") if isinstance(value, Decimal) else repr(value)
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {_plain(str(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        items = [_plain(item) for item in value]
        return sorted(items, key=dumps) if isinstance(value, (set, frozenset)) else items
    return _plain(str(value))


def instant(moment):
    """A time as the hashes know it: ISO, UTC, the fraction without trailing zeros, as
    PostgreSQL writes it in JSON. A naive one is UTC already."""
    if moment is None:
        return None
    if moment.tzinfo:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    text = moment.isoformat(timespec="microseconds")
    return text.rstrip("0").rstrip(".") + "Z"


# ------------------------------------------------------------------- hashes
def new_salt():
    return os.urandom(SALT_BYTES)


def text_digest(salt, text):
    """Hex digest by which a row vouches for its text. Without the salt, which is erased
    with the text, nobody can find the text out by trying."""
    return hashlib.sha256(bytes(salt) + text.encode()).hexdigest()


def leaf(row):
    """Hash of one row of the trail: dict of all its columns, `at` as datetime."""
    return hashlib.sha256(dumps({**row, "at": instant(row["at"]), "v": VERSION}).encode()).digest()


def root(leaves):
    """Hex hash over the hashes of the rows of one seal, in order of their ids."""
    return hashlib.sha256(b"".join(leaves)).hexdigest()


def span_text(ids):
    """Ids as PostgreSQL writes a multirange of integers: `{[1,4),[7,8)}`."""
    spans = []
    for number in sorted(ids):
        if spans and spans[-1][1] == number:
            spans[-1][1] = number + 1
        else:
            spans.append([number, number + 1])
    return "{" + ",".join(f"[{low},{high})" for low, high in spans) + "}"


def span_ids(text):
    """The ids of a multirange."""
    return {
        number
        for low, high in _SPAN.findall(text)
        for number in range(int(low), int(high))
    }  # fmt: skip


def first_of(covers):
    """The smallest id of a multirange; None when it is empty."""
    span = _SPAN.search(covers)
    return int(span[1]) if span else None


def last_of(covers):
    """The largest id of a multirange; None when it is empty."""
    spans = _SPAN.findall(covers)
    return int(spans[-1][1]) - 1 if spans else None


@dataclass(frozen=True, slots=True)
class Seal:
    """One link of a company's chain.

    :param chain: company id, 0 for rows without company
    :param covers: the ids of the rows, as multirange text
    :param retired_through: seals up to this number gave their rows up by retention
    :param key_id: which key signed; None when none was configured
    """

    chain: int
    number: int
    covers: str
    rows: int
    root: str
    first_at: datetime | None
    last_at: datetime | None
    sealed_at: datetime
    previous: str
    retired_through: int
    key_id: str | None
    hash: str = ""
    signature: str | None = None

    def digest(self):
        """What `hash` has to be."""
        content = asdict(self) | {
            name: instant(getattr(self, name)) for name in ("first_at", "last_at", "sealed_at")
        }
        del content["hash"], content["signature"]
        return hashlib.sha256(dumps(content | {"v": VERSION}).encode()).hexdigest()

    @property
    def link(self):
        """What the next seal holds as `previous`: the signature counts too."""
        return hashlib.sha256(f"{self.hash} {self.signature or ''}".encode()).hexdigest()

    @property
    def first_id(self):
        return first_of(self.covers)

    @property
    def last_id(self):
        return last_of(self.covers)


# --------------------------------------------------------------- signatures
def _raw(text, what):
    if not _KEY.fullmatch(text or ""):
        raise SealingError(f"{what} must be 32 bytes in URL-safe base64")
    return base64.urlsafe_b64decode(text.rstrip("=") + "=")


def _text(raw):
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


class Signer:
    """The private key of the installation."""

    def __init__(self, text):
        self._key = Ed25519PrivateKey.from_private_bytes(_raw((text or "").strip(), KEY_VARIABLE))
        self.public = _text(self._key.public_key().public_bytes_raw())
        self.key_id = key_id(self.public)

    @staticmethod
    def new_key():
        """A fresh private key as text."""
        return _text(os.urandom(32))

    def sign(self, text):
        return _text(self._key.sign(text.encode()))


def key_id(public):
    """Sixteen hex digits that name a public key."""
    return hashlib.sha256(_raw(public, "a public key")).hexdigest()[:16]


def public_keys(texts):
    """{key id: public key} for verification, from an iterable of texts."""
    return {
        key_id(text): Ed25519PublicKey.from_public_bytes(_raw(text, "a public key"))
        for text in (part.strip() for part in texts)
        if text
    }


def is_signed(text, signature, publics, key):
    """Whether `signature` over `text` was made by the key named `key`."""
    public = publics.get(key)
    if public is None or not signature:
        return False
    try:
        public.verify(base64.urlsafe_b64decode(signature + "=="), text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def seal_statement(seal):
    """The text that a seal's signature is over; no other kind of text can look like it."""
    return f"{VERSION} seal {seal.hash}"


# -------------------------------------------------------------- checkpoints
def checkpoint(seal, *, rows, database, at):
    """Statement about the end of a chain, to be signed and kept outside."""
    return canonical(
        {
            "v": VERSION,
            "database": database,
            "chain": seal.chain,
            "seal": seal.number,
            "hash": seal.hash,
            "rows": rows,
            "last_row": seal.last_id,
            "at": at,
        }
    )


def checkpoint_file(statement, signature, public):
    """What is exported: the statement as signed, readable, in one JSON object."""
    return json.dumps(
        {"statement": statement, "signature": signature, "public_key": public}, indent=1
    )


def read_checkpoint(text, publics):
    """The statement of an exported checkpoint, its signature checked.

    The public key inside the file is a hint for people; only `publics` count.

    :raises SealingError: not a checkpoint, or not signed by a key of `publics`
    """
    try:
        parts = json.loads(text)
        statement, signature, public = (
            str(parts[name]) for name in ("statement", "signature", "public_key")
        )
        content = json.loads(statement)
        if not isinstance(content, dict) or content.get("v") != VERSION:
            raise SealingError("this is a checkpoint of another version")
        missing = {"chain", "seal", "hash"} - content.keys()
        if missing:
            raise SealingError(f"this checkpoint lacks {', '.join(sorted(missing))}")
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, SealingError):
            raise
        raise SealingError("this is no checkpoint file") from None
    if not is_signed(f"{VERSION} checkpoint {statement}", signature, publics, key_id(public)):
        raise SealingError("the checkpoint is not signed by a key that is trusted here")
    return content


def sign_checkpoint(signer, statement):
    return signer.sign(f"{VERSION} checkpoint {statement}")
