"""JSON as the public contract allows it, and one canonical text per value.

The standard parser accepts what a ledger cannot keep (NaN, duplicate keys, text
that PostgreSQL refuses) and ends in RecursionError on deep input. Everything
that is refused here raises Malformed, so that a correctly signed body is always
stored and answered, never a server error.

This is the hot path of the endpoint: the work is left to the C parser, its hooks
see every object and number once, and what has no hook is checked by cheap scans
that only look closer when a limit could be reached at all.
"""

import hashlib
import json
import re
from json.encoder import c_make_encoder, encode_basestring

from .errors import Malformed

MAX_DEPTH = 64
MAX_KEYS = 10_000
MAX_ITEMS = 100_000
MAX_STRING = 512 * 1024  # bytes of UTF-8; attachments are limited by the size of the body
MAX_DIGITS = 40
MAX_FLOAT_LITERAL = 64  # characters
MAX_EXPONENT = 308  # what a double can hold; beyond it jsonb may refuse the number
UNLIMITED_KEY = "content_base64"
TOO_DEEP = f"nested deeper than {MAX_DEPTH} levels, or brackets not closed"

_BRACKETS_ONLY = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_BLANKS = re.compile(r"[ \t\n\r]*")
# An unterminated string runs to the end of the text, which keeps the scan linear.
_TOKENS = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{},]', re.DOTALL)
_LONE_SURROGATE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    r"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F]"
)


class JsonFloat(str):
    """A JSON number with a fraction or an exponent, kept as it was written.

    It is never a binary float: where money is expected the literal is refused
    (`money`), everywhere else it is text that nothing has rounded.
    """

    __slots__ = ()


def _float(literal):
    if len(literal) > MAX_FLOAT_LITERAL:
        raise Malformed(f"number longer than {MAX_FLOAT_LITERAL} characters")
    exponent = literal.lower().partition("e")[2]
    if exponent and abs(int(exponent)) > MAX_EXPONENT:
        raise Malformed("number out of range")
    return JsonFloat(literal)


def _int(literal):
    if len(literal) > MAX_DIGITS and len(literal.lstrip("-")) > MAX_DIGITS:
        raise Malformed(f"integer longer than {MAX_DIGITS} digits")
    return int(literal)


def _constant(literal):
    raise Malformed(f"{literal} is not a JSON number")


class _Reader:
    """A decoder with the counter of its keys: the hooks have no other place for it."""

    __slots__ = ("_decoder", "_keys", "_max_keys")

    def __init__(self, max_keys=MAX_KEYS):
        self._keys = 0
        self._max_keys = max_keys
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._object,
            parse_float=_float,
            parse_int=_int,
            parse_constant=_constant,
        )

    def _object(self, pairs):
        self._keys += len(pairs)
        if self._keys > self._max_keys:
            raise Malformed(f"more than {self._max_keys} keys")
        result = dict(pairs)
        if len(result) != len(pairs):
            seen = set()
            twice = next(key for key, _value in pairs if key in seen or seen.add(key))
            raise Malformed(f"duplicate key {twice[:40]!r}")
        return result

    def value(self, text, start, escapes):
        """The value at ``start`` and the position after it; limits count per value."""
        self._keys = 0
        try:
            value, end = self._decoder.raw_decode(text, start)
        except json.JSONDecodeError as error:
            raise Malformed(f"not JSON: {error.msg} at character {error.pos}") from None
        if escapes:
            _check_escapes(text[start:end])
        # Fewer characters than MAX_ITEMS hold neither that many items nor, at four
        # bytes for a character, a string beyond MAX_STRING.
        if end - start > MAX_ITEMS:
            _check_sizes(value)
        return value, end


def _check_escapes(text):
    """Refuse escapes that give NUL or half a character: PostgreSQL keeps neither."""
    text = text.replace("\\\\", "  ")
    if "\\u0000" in text:
        raise Malformed("NUL character")
    if _LONE_SURROGATE.search(text):
        raise Malformed("lone surrogate")


def _check_sizes(value):
    items, stack = 0, [(None, value)]
    while stack:
        key, node = stack.pop()
        if isinstance(node, dict):
            stack.extend(node.items())
            stack.extend((None, name) for name in node)
        elif isinstance(node, list):
            items += len(node)
            if items > MAX_ITEMS:
                raise Malformed(f"more than {MAX_ITEMS} array items")
            stack.extend((key, item) for item in node)
        elif isinstance(node, str) and key != UNLIMITED_KEY and _too_long(node):
            raise Malformed(f"string longer than {MAX_STRING // 1024} KiB")


def _too_long(text):
    return len(text) > MAX_STRING // 4 and len(text.encode()) > MAX_STRING


def _too_deep(body, limit):
    """Whether brackets nest deeper than ``limit``, without recursion and at C speed.

    Every round removes the innermost pairs; what is left after ``limit`` rounds is
    deeper or not balanced, and neither is accepted.
    """
    if body.count(b"{") + body.count(b"[") <= limit:
        return False
    outside = b"".join(body.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')[::2])
    brackets = outside.translate(_BRACKETS_ONLY, _NO_BRACKETS)
    for _round in range(limit):
        before, brackets = len(brackets), brackets.replace(b"[]", b"")
        if len(brackets) == before:
            break
    return b"[" in brackets


def _text(body):
    if not body:
        raise Malformed("empty body")
    if body.startswith(b"\xef\xbb\xbf"):
        raise Malformed("byte order mark")
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise Malformed(f"not UTF-8 at byte {error.start}") from None


def _skip_blanks(text, position):
    return _BLANKS.match(text, position).end()


def _check_end(text, position):
    position = _skip_blanks(text, position)
    if position != len(text):
        raise Malformed(f"not JSON: extra data at character {position}")


def loads(body, max_keys=MAX_KEYS):
    """The value of one JSON text in UTF-8; Malformed for anything outside the limits.

    Integers stay int, other numbers become JsonFloat.

    :param max_keys: of all objects together; a vendor's own format may need more
    """
    text = _text(body)
    if _too_deep(body, MAX_DEPTH):
        raise Malformed(TOO_DEEP)
    value, end = _Reader(max_keys).value(text, _skip_blanks(text, 0), b"\\u" in body)
    _check_end(text, end)
    return value


def loads_items(body, limit):
    """The items of a JSON array as ``[(value or Malformed, text of the item)]``.

    The limits hold per item and a bad item stands alone: one broken event of a
    batch must not take the others with it. Raises Malformed when the array itself
    cannot be read or has more than ``limit`` items.
    """
    text = _text(body)
    deep, escapes = _too_deep(body, MAX_DEPTH + 1), b"\\u" in body
    position = _skip_blanks(text, 0)
    if not text.startswith("[", position):
        raise Malformed("not a JSON array")
    position = _skip_blanks(text, position + 1)
    if text.startswith("]", position):
        _check_end(text, position + 1)
        return []
    reader, result = _Reader(), []
    while True:
        if len(result) == limit:
            raise Malformed(f"more than {limit} items")
        start = position
        value, position = _item(reader, text, start, deep, escapes)
        result.append((value, text[start:position]))
        position = _skip_blanks(text, position)
        if text.startswith("]", position):
            _check_end(text, position + 1)
            return result
        if not text.startswith(",", position):
            raise Malformed(f"not JSON: array not closed at character {position}")
        position = _skip_blanks(text, position + 1)


def _item(reader, text, start, deep, escapes):
    """The item at ``start``, or why it is refused, and the position after it."""
    end = _end_of_item(text, start) if deep else None
    try:
        if deep and _too_deep(text[start:end].encode(), MAX_DEPTH):
            raise Malformed(TOO_DEEP)
        return reader.value(text, start, escapes)
    except Malformed as error:
        return error, end or _end_of_item(text, start)


def _end_of_item(text, start):
    """Where the array item at ``start`` ends, judged by brackets and strings alone."""
    depth = 0
    for token in _TOKENS.finditer(text, start):
        char = token[0][0]
        if depth == 0 and char in ",]}":
            return token.start()
        if char in "[{":
            depth += 1
        elif char in "]}":
            depth -= 1
    return len(text)


def _string(value):
    return value if type(value) is JsonFloat else encode_basestring(value)


def _unknown(value):
    raise TypeError(f"{type(value).__name__} has no canonical JSON form")


# json.dumps would write a JsonFloat as a string; only the encoder beneath it lets
# strings be written by a function of ours.
_encode = c_make_encoder(None, _unknown, _string, None, ":", ",", True, False, False)


def dumps(value):
    """Canonical text: keys sorted, no blanks, non-ASCII as it is, numbers as written."""
    return "".join(_encode(value, 0))


def digest(value):
    """SHA-256 of the canonical text, in hex: equal exactly when the content is equal."""
    return hashlib.sha256(dumps(value).encode()).hexdigest()
