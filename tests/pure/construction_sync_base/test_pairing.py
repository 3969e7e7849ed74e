"""Lines typed by hand and lines a platform sent."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.construction_sync_base.lib.pairing import Line, pair

CODINGS = st.sampled_from(["03-300/material", "03-300/labor", "05-120/material"])
AMOUNTS = st.integers(-3, 3).map(lambda number: Decimal(number) * 100)
TEXTS = st.sampled_from(["", "Footings", "FOOTINGS", "Slab"])


def lines(side):
    row = st.tuples(CODINGS, AMOUNTS, TEXTS)
    return st.lists(row, max_size=6).map(
        lambda rows: [Line(f"{side}{n}", *row) for n, row in enumerate(rows)]
    )


def line(key, amount, coding="03-300/material", text=""):
    return Line(key, coding, Decimal(amount), text)


def keys(pairing):
    return [(typed.key, sent.key) for typed, sent in pairing.pairs]


def test_the_text_decides_between_equal_amounts():
    found = pair(
        [line("a", 100, text="Slab"), line("b", 100, text="Footings")],
        [line("1", 100, text="footings"), line("2", 100, text="SLAB")],
    )
    assert sorted(keys(found)) == [("a", "2"), ("b", "1")]
    assert found.exact


def test_one_left_of_a_coding_is_paired_with_its_difference():
    found = pair([line("a", 100), line("b", 7)], [line("1", 100), line("2", 9)])
    assert sorted(keys(found)) == [("a", "1"), ("b", "2")]
    assert [(t.amount, s.amount) for t, s in found.unequal] == [(7, 9)]
    assert not found.exact


def test_two_left_of_a_coding_are_not_guessed():
    found = pair([line("a", 1), line("b", 2)], [line("1", 3), line("2", 4)])
    assert not found.pairs
    assert len(found.only_typed) == len(found.only_sent) == 2


@given(lines("t"), lines("s"))
def test_every_line_is_in_one_place_and_codings_never_mix(typed, sent):
    found = pair(typed, sent)
    left = [t.key for t, _s in found.pairs] + [t.key for t in found.only_typed]
    right = [s.key for _t, s in found.pairs] + [s.key for s in found.only_sent]
    assert sorted(left) == sorted(t.key for t in typed)
    assert sorted(right) == sorted(s.key for s in sent)
    assert all(t.coding == s.coding for t, s in found.pairs)


@given(lines("t"), st.randoms())
def test_the_same_document_in_another_order_is_exact(typed, rng):
    sent = [Line("s" + t.key, t.coding, t.amount, t.text) for t in typed]
    rng.shuffle(sent)
    assert pair(typed, sent).exact


@given(lines("t"), lines("s"))
def test_exact_means_equal_totals_by_coding(typed, sent):
    def totals(rows):
        result = {}
        for row in rows:
            result.setdefault(row.coding, []).append(row.amount)
        return {coding: sorted(amounts) for coding, amounts in result.items()}

    assert pair(typed, sent).exact == (totals(typed) == totals(sent))
