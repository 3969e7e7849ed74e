"""Keys under which names that people read as equal are equal.

Only for finding: the original text is what is stored, and two records under one
key are a question to a person. An empty key matches nothing.
"""

import re
import unicodedata

# Invisible without being format characters: the combining grapheme joiner, Hangul
# fillers, Mongolian separators and variation selectors.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)


def match_key(name):
    """The name folded: case, width, composition, invisible marks, punctuation, blanks."""
    if not name:
        return ""
    text = unicodedata.normalize("NFD", _visible(name)).casefold()
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    words = "".join(" " if _separates(char) else char for char in _visible(text)).split()
    return unicodedata.normalize("NFKC", " ".join(words))


def tax_key(vat):
    """A tax id reduced to its letters and digits, upper case."""
    if not vat:
        return ""
    text = unicodedata.normalize("NFKC", vat).upper()
    return "".join(char for char in text if char.isalnum())


def number_key(number):
    """A document's number as two ways to write it are compared: letters and digits, upper
    case, without the zeros in front of a number."""
    return re.sub(r"(?<![0-9])0+(?=[0-9])", "", re.sub(r"[^0-9A-Z]+", " ", _upper(number))).replace(
        " ", ""
    )


def _upper(text):
    text = unicodedata.normalize("NFKC", text or "").upper()
    return "".join(char if char.isalnum() else " " for char in _visible(text))


def _visible(text):
    """Without zero-width, direction and control marks; line breaks are kept as blanks."""
    return "".join(
        char
        for char in _INVISIBLE.sub("", text)
        if char.isspace() or unicodedata.category(char) not in ("Cc", "Cf")
    )


def _separates(char):
    return char.isspace() or unicodedata.category(char)[0] == "P"
