"""Finds what tells of one person in recorded data, and puts a pseudonym in its place.

A term is a name, an address or an id as it may stand in a payload. It is found as a
whole word, whatever its case, its spacing and the form in which accents are written.
"""

import functools
import json
import re
import sys
import unicodedata

from .errors import Malformed

MIN_TERM = 3  # characters; shorter ones are part of everything


class Person:
    """The terms that tell of one person.

    :param terms: texts; empty ones are ignored
    :raises Malformed: none is left, or one is too short
    """

    def __init__(self, terms):
        self.terms = sorted({_plain(term) for term in terms if term and term.strip()})
        if not self.terms:
            raise Malformed("no term")
        short = [term for term in self.terms if len(term) < MIN_TERM]
        if short:
            raise Malformed(f"{short[0]!r} is shorter than {MIN_TERM} characters")
        # the longest first: a full name goes as a whole before one of its parts does
        words = {*self.terms, *(term.casefold() for term in self.terms)}  # ß is SS in capitals
        words = sorted(words, key=lambda term: (-len(term), term))
        choices = "|".join(r"\s+".join(map(re.escape, term.split())) for term in words)
        self._pattern = re.compile(rf"(?<!\w)(?:{choices})(?!\w)", re.IGNORECASE)
        self._whole = {term.casefold() for term in self.terms}

    def patterns(self):
        """For a coarse search by the database: for each term a list of its parts, for each
        part the LIKE patterns of which one fits wherever the person is in a text."""
        return [[_any_like(_forms(part)) for part in _parts(term)] for term in self.terms]

    def byte_patterns(self):
        """The same for bytes as PostgreSQL's `encode(…, 'escape')` writes them."""
        return [
            [_any_like(map(_octal, _forms(part))) for part in _parts(term)] for term in self.terms
        ]

    def is_in(self, text):
        return bool(text) and bool(self._pattern.search(unicodedata.normalize("NFC", text)))

    def scrub_text(self, text, pseudonym):
        """The text with the pseudonym for every term; the same object where there is none."""
        if not self.is_in(text):
            return text
        return self._pattern.sub(lambda _match: pseudonym, unicodedata.normalize("NFC", text))

    def scrub(self, value, pseudonym):
        """The same for a JSON value: texts, names of keys, and numbers that are a term."""
        if isinstance(value, dict):
            return {
                self.scrub_text(key, pseudonym): self.scrub(item, pseudonym)
                for key, item in value.items()
            }
        if isinstance(value, list):
            return [self.scrub(item, pseudonym) for item in value]
        if isinstance(value, bool) or value is None:
            return value
        if isinstance(value, int) or type(value) is not str:  # a number, kept as it was written
            return pseudonym if str(value).casefold() in self._whole else value
        return self.scrub_text(value, pseudonym)


def _plain(term):
    return " ".join(unicodedata.normalize("NFC", term).split())


@functools.cache
def _ambiguous():
    """Matches characters that other ones stand for before they are normalised (豈 is U+F900 and
    U+8C48): which of them a text was written with cannot be told from a term."""
    signs = map(chr, range(128, sys.maxunicode + 1))
    composed = ((sign, unicodedata.normalize("NFC", sign)) for sign in signs)
    found = {part for sign, normal in composed if normal != sign for part in normal}
    return re.compile(f"[{re.escape(''.join(sorted(c for c in found if c > '~')))}]+")


def _parts(term):
    """The words of a term, without the characters that may be written as other ones."""
    return _ambiguous().sub(" ", term).split() or [""]


def _forms(word):
    """How a word may be written: case, accents, plain or as text in JSON."""
    cases = {word, word.lower(), word.upper(), word.title(), word.casefold()}
    written = {unicodedata.normalize(form, one) for form in ("NFC", "NFD") for one in cases}
    return written | {
        json.dumps(one, ensure_ascii=ascii_only)[1:-1]
        for one in written
        for ascii_only in (False, True)
    }


def _any_like(texts):
    return sorted({"%" + re.sub(r"([\\%_])", r"\\\1", text) + "%" for text in texts})


def _octal(text):
    """A byte beyond ASCII as a backslash and three octal digits, a backslash as two."""
    return "".join(
        f"\\{byte:03o}" if byte > 127 else "\\\\" if byte == 92 else chr(byte)
        for byte in text.encode()
    )
