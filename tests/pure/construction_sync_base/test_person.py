"""Finding one person in recorded data and nothing but that person."""

import json
import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from odoo.addons.construction_sync_base.lib import strict_json
from odoo.addons.construction_sync_base.lib.errors import Malformed
from odoo.addons.construction_sync_base.lib.person import Person

PERSON = Person(["Jürgen Weiß", "j.weiss@example.com", "E-1007", "4711"])
LETTERS = st.text(st.characters(exclude_categories=("Cs",)))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | LETTERS | st.sampled_from(PERSON.terms),
    lambda inner: st.lists(inner) | st.dictionaries(LETTERS, inner),
    max_leaves=20,
)


@pytest.mark.parametrize(
    "text",
    [
        "Jürgen Weiß", "approved by JÜRGEN  WEIß.", "JÜRGEN WEISS", "jürgen\nweiß", "(E-1007)",
        unicodedata.normalize("NFD", "von Jürgen Weiß an"), "mailto:J.Weiss@Example.com?x",
    ],
)  # fmt: skip
def test_found_in_every_dress(text):
    assert PERSON.is_in(text)
    assert not PERSON.is_in(PERSON.scrub_text(text, "person-1"))


@pytest.mark.parametrize("text", ["Jürgen Weißmann", "E-10071", "14711", "Jürgen", "", None])
def test_nobody_else_is_touched(text):
    assert not PERSON.is_in(text)
    assert PERSON.scrub_text(text, "person-1") is text


@given(VALUES)
def test_after_it_nothing_is_left_and_the_rest_is_as_it_was(value):
    scrubbed = PERSON.scrub(value, "person-1")
    assert not PERSON.is_in(strict_json.dumps(scrubbed))
    if not PERSON.is_in(json.dumps(value, ensure_ascii=False)):
        assert scrubbed == value
    assert PERSON.scrub(scrubbed, "person-2") == scrubbed


def test_structure_and_other_values_stay():
    value = {
        "approved_by": {"name": "Jürgen Weiß", "id": 4711},
        "Jürgen Weiß": True,
        "amount": strict_json.JsonFloat("47.11"),
        "hours": strict_json.JsonFloat("4711.0"),
        "lines": [{"text": "for E-1007", "number": 14711}],
    }
    assert PERSON.scrub(value, "p") == {
        "approved_by": {"name": "p", "id": "p"},
        "p": True,
        "amount": "47.11",
        "hours": "4711.0",
        "lines": [{"text": "for p", "number": 14711}],
    }


def test_a_full_name_goes_before_its_parts():
    assert Person(["Weiß", "Jürgen Weiß"]).scrub_text("Jürgen Weiß", "p") == "p"


@pytest.mark.parametrize("terms", [[], ["", "  "], ["ab"], ["long enough", "x"]])
def test_terms_that_would_hit_everything_are_refused(terms):
    with pytest.raises(Malformed):
        Person(terms)


def like(pattern, text):
    """PostgreSQL's ILIKE for ASCII letters."""
    regex, position = "", 0
    while position < len(pattern):
        char = pattern[position]
        if char == "\\":
            position += 1
            regex += re.escape(pattern[position])
        else:
            regex += {"%": ".*", "_": "."}.get(char) or re.escape(char)
        position += 1
    return re.fullmatch(regex, text, re.IGNORECASE | re.DOTALL) is not None


def octal(raw):
    return "".join(
        f"\\{byte:03o}" if byte > 127 else "\\\\" if byte == 92 else chr(byte) for byte in raw
    )


# Characters that are ASCII once they are normalised and that no keyboard writes.
SIGNS = {"\u212a", "\u037e", "\u1fef"}


@example("00\uf900", "", False)
@example("\uf900\uf900\uf900", "", True)
@example("Q\u0958r", "", True)
@given(LETTERS.filter(lambda text: len(" ".join(text.split())) >= 3), LETTERS, st.booleans())
def test_the_coarse_search_misses_nothing(term, around, as_ascii):
    try:
        person = Person([term])
    except Malformed:
        return
    text = f"{around} {term} {around}"
    body = json.dumps({"a": text}, ensure_ascii=as_ascii)
    for words, raw in (
        (person.patterns(), text),
        (person.patterns(), body),
        (person.byte_patterns(), octal(body.encode())),
    ):
        if SIGNS & set(term) or any(char in term for char in "\x85\x1c\x1d\x1e\x1f"):
            continue  # the latter are blanks to Python, and written as escapes in JSON
        assert all(any(like(one, raw) for one in word) for word in words[0])
