"""The spreadsheet of the cost report: every total is the sum of its rows."""

import io
from decimal import Decimal

import openpyxl
from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.addons.construction_sync_base.lib import cost_workbook

amounts = st.integers(-(10**9), 10**9).map(lambda n: Decimal(n).scaleb(-2))
lines = st.lists(st.tuples(st.sampled_from(["A", "=B", "C"]), amounts, amounts), max_size=12)


def made(rows, digits=2):
    return cost_workbook.Report(
        title="Cost report", facts=(("As of", "2026-05-31 18:00 UTC"),),
        labels=("Job", "Division", "Cost code", "Type"), figures=("Budget", "Actual"),
        rows=tuple((job, "", "code", "", (one, two)) for job, one, two in rows),
        total="Total", subtotal="Total of %s", digits=digits,
    )  # fmt: skip


def read(report, values=True):
    book = openpyxl.load_workbook(io.BytesIO(cost_workbook.content(report)), data_only=values)
    return [list(row) for row in book.active.iter_rows(values_only=True)]


@settings(max_examples=25, deadline=None)
@given(lines)
def test_totals_are_the_sums_of_their_rows(rows):
    rows = sorted(rows, key=lambda row: row[0])
    found = read(made(rows))
    assert found[-1][0] == "Total"
    for column, index in ((4, 1), (5, 2)):
        assert abs(Decimal(str(found[-1][column])) - sum(row[index] for row in rows)) < 1
        for job in {row[0] for row in rows}:
            (subtotal,) = (row for row in found if row[0] == f"Total of {job}")
            own = sum(row[index] for row in rows if row[0] == job)
            assert abs(Decimal(str(subtotal[column])) - own) < 1


def test_a_name_is_never_a_formula():
    found = read(made([("=1+1", Decimal(1), Decimal(2))]), values=False)
    assert found[4][0] == "=1+1"
    assert found[5][4].startswith("=SUBTOTAL(9,E5:E5)")
