"""Names that people read as equal have one key: fault catalogue row 69."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.construction_sync_base.lib.names import match_key, tax_key

INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u202e\u2066\ufeff\u00ad\u034f\ufe0f\x00\x07"


@pytest.mark.parametrize(
    "variant",
    [
        "ACME Bau, Inc.",
        "acme bau inc",
        "  Acme   Bau  Inc ",
        "Acme\tBau\nInc",
        "Acme\u00a0Bau\u2003Inc",
        "\u202bAcme Bau Inc\u202c",
        "Ac\u200bme Bau Inc\ufeff",
        "Ａｃｍｅ Ｂａｕ Ｉｎｃ．",
        "Acme-Bau/Inc",
        "“Acme” Bau (Inc)",
    ],
)
def test_69_variants(variant):
    assert match_key(variant) == "acme bau inc"


def test_69_composition_and_case():
    assert match_key("Müller") == match_key("Mu\u0308ller") == match_key("MU\u0308LLER")
    assert match_key("Straße") == match_key("STRASSE")
    assert match_key("ΟΔΟΣ") == match_key("οδος") == match_key("οδοσ")
    assert match_key("ﬁre") == "fire"


def test_what_tells_names_apart_stays():
    keys = [match_key(n) for n in ("Acme", "Acme 2", "Acmé", "A+ Acme", "A Acme", "Акме", "アクメ")]
    assert len(set(keys)) == len(keys) and all(keys)


@pytest.mark.parametrize("name", ["", None, False, " ", "\u200b", "...", "-\u202e-"])
def test_nothing_visible_matches_nothing(name):
    assert match_key(name) == ""


@given(st.text())
def test_a_key_is_its_own_key(name):
    key = match_key(name)
    assert match_key(key) == key and key == key.strip() and "  " not in key


@given(st.text(), st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
def test_composition_never_matters(name, form):
    assert match_key(unicodedata.normalize(form, name)) == match_key(name)


@given(st.text(st.characters(categories=("L", "N", "Zs"))), st.data())
def test_invisible_marks_never_matter(name, data):
    position = data.draw(st.integers(0, len(name)))
    mark = data.draw(st.sampled_from(INVISIBLE))
    assert match_key(name[:position] + mark + name[position:]) == match_key(name)


@pytest.mark.parametrize(
    "vat",
    [
        "DE 123.456-789",
        "de123456789",
        "ＤＥ１２３４５６７８９",
        "\u200eDE123456789 ",
        "DE/123 456 789",
    ],
)
def test_tax_key(vat):
    assert tax_key(vat) == "DE123456789"


@pytest.mark.parametrize("vat", ["", None, False, " - "])
def test_no_tax_id_matches_nothing(vat):
    assert tax_key(vat) == ""


@given(st.text())
def test_a_tax_key_is_its_own_key(vat):
    key = tax_key(vat)
    assert tax_key(key) == key and (key.isalnum() or not key)
