"""What is hashed and signed: the canonical text, spans of ids, salted texts, checkpoints, keys."""

import dataclasses
import json
import unicodedata
from datetime import UTC, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.addons.construction_sync_base.lib import sealing

from tests.pure.construction_sync_base.sealed_trail import FORGER, PUBLICS, SIGNER, START, Trail

# ---------------------------------------------------------------- canonical
TEXT = st.text(st.characters(exclude_categories=("Cs",)))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=20,
)


@given(VALUES)
def test_canonical_text_is_stable(value):
    text = sealing.canonical(value)
    assert sealing.canonical(json.loads(text)) == text


@given(TEXT)
def test_both_forms_of_a_letter_are_recorded_alike(text):
    forms = {unicodedata.normalize(form, text) for form in ("NFC", "NFD")}
    assert len({sealing.canonical({"name": form}) for form in forms}) == 1


@given(st.datetimes(), st.integers(-12 * 60, 14 * 60))
def test_times_are_utc(moment, minutes):
    zone = timezone(timedelta(minutes=minutes))
    try:
        local = moment.replace(tzinfo=UTC).astimezone(zone)
    except OverflowError:
        return
    assert sealing.instant(local) == sealing.instant(moment)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4))
def test_money_is_text(amount):
    assert Decimal(json.loads(sealing.canonical({"a": amount}))["a"]) == amount


@given(st.sets(st.integers(1, 300)))
def test_spans_name_exactly_their_ids(ids):
    text = sealing.span_text(ids)
    assert sealing.span_ids(text) == ids
    assert sealing.first_of(text) == min(ids, default=None)
    assert sealing.last_of(text) == max(ids, default=None)


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers()), st.integers(0, 5))
def test_the_order_of_keys_does_not_matter(row, turn):
    row["at"] = START
    items = list(row.items())
    assert sealing.leaf(dict(items[turn:] + items[:turn])) == sealing.leaf(row)


@settings(max_examples=50)
@given(TEXT, TEXT)
def test_a_text_is_vouched_for_by_its_salt(text, other):
    salt = sealing.new_salt()
    digest = sealing.text_digest(salt, text)
    assert (sealing.text_digest(salt, other) == digest) == (text == other)
    assert sealing.text_digest(sealing.new_salt(), text) != digest


# -------------------------------------------------------------- checkpoints
def exported(**over):
    trail = Trail(5)
    content = json.loads(sealing.checkpoint(trail.seals[-1], rows=3, database="db", at=START))
    statement = sealing.dumps(content | over)
    return sealing.checkpoint_file(
        statement, sealing.sign_checkpoint(SIGNER, statement), SIGNER.public
    )


def test_an_exported_checkpoint_reads_back():
    content = sealing.read_checkpoint(exported(), PUBLICS)
    assert content["rows"] == 3 and content["at"].endswith("Z")


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", "null", '{"statement": 1, "signature": 2, "public_key": 3}', "\x00",
     exported(v="construction-audit/9"), exported().replace("seal", "sea1")],
)  # fmt: skip
def test_what_is_no_checkpoint_is_refused(text):
    with pytest.raises(sealing.SealingError):
        sealing.read_checkpoint(text, PUBLICS)


def test_a_checkpoint_of_another_key_is_refused():
    statement = sealing.checkpoint(Trail(6).seals[-1], rows=1, database="db", at=START)
    text = sealing.checkpoint_file(
        statement, sealing.sign_checkpoint(FORGER, statement), FORGER.public
    )
    with pytest.raises(sealing.SealingError, match="trusted"):
        sealing.read_checkpoint(text, PUBLICS)
    seal = dataclasses.replace(Trail(6).seals[-1], hash=statement)
    signature = SIGNER.sign(sealing.seal_statement(seal))
    with pytest.raises(sealing.SealingError, match="trusted"):
        sealing.read_checkpoint(
            sealing.checkpoint_file(statement, signature, SIGNER.public), PUBLICS
        )


@pytest.mark.parametrize("text", [None, "", "short", "é" * 43, "A" * 44])
def test_a_bad_key_is_named_by_its_variable_only(text):
    with pytest.raises(sealing.SealingError, match=sealing.KEY_VARIABLE) as caught:
        sealing.Signer(text)
    assert not text or text not in str(caught.value)
