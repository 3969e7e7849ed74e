"""Earned value against published examples, unrounded."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.construction_sync_base.lib.earned_value import (
    EarnedValue,
    Plan,
    Progress,
    earned,
    planned_value,
    total,
)

D = Decimal
amounts = st.integers(1, 10**11).map(lambda n: Decimal(n).scaleb(-2))


def rounded(value, places="0.001"):
    return value.quantize(D(places))


def test_ve1_fence():
    """Published 4,479 comes from a rounded index; the exact estimate is 4,480."""
    fence = EarnedValue(D(4_000), D(3_000), D(2_500), D(2_800))
    assert fence.cost_variance == -300
    assert fence.schedule_variance == -500
    assert (rounded(fence.cpi), rounded(fence.spi)) == (D("0.893"), D("0.833"))
    assert fence.at_completion_by_cpi == 4_480
    assert fence.to_complete_by_cpi == 1_680
    assert fence.variance_by_cpi == -480
    assert fence.at_completion_by_budget == 4_300
    assert fence.at_completion_by_both == 4_816
    assert fence.tcpi() == D("1.25")
    assert rounded(fence.tcpi(fence.at_completion_by_cpi)) == D("0.893")


def test_ve2():
    job = EarnedValue(D(100_000), D(55_000), D(50_000), D(45_000))
    assert (rounded(job.cpi, "0.01"), rounded(job.spi, "0.01")) == (D("1.11"), D("0.91"))
    assert job.at_completion_by_cpi == 90_000


@pytest.mark.parametrize(
    ("budget", "done", "spent", "by_budget", "by_cpi"),
    [(500_000, 100_000, 127_000, 527_000, 635_000), (500_000, 150_000, 162_000, 512_000, 540_000)],
)
def test_ve4(budget, done, spent, by_budget, by_cpi):
    job = EarnedValue(D(budget), D(done), D(done), D(spent))
    assert job.at_completion_by_budget == by_budget
    assert job.at_completion_by_cpi == by_cpi


def test_nothing_done_has_no_ratio():
    job = EarnedValue(D(100), D(0), D(0), D(0))
    assert job.cpi is job.spi is job.at_completion_by_cpi is job.at_completion_by_both is None
    assert job.tcpi() == 1
    assert EarnedValue(D(100), D(1), D(1), D(100)).tcpi() is None


@given(amounts, amounts, amounts)
def test_on_plan_every_estimate_is_the_budget(budget, planned, spare):
    job = EarnedValue(budget + planned, planned, planned, planned)
    assert job.at_completion_by_budget == job.budget
    assert abs(job.at_completion_by_cpi - job.budget) < D("1e-20")
    assert abs(job.at_completion_by_both - job.budget) < D("1e-15")


def test_planned_value_takes_the_days_of_the_running_month():
    spread = [(date(2026, 1, 1), D(3_100)), (date(2026, 2, 1), D(2_800))]
    assert planned_value(spread, date(2025, 12, 31)) == 0
    assert planned_value(spread, date(2026, 1, 1)) == 100
    assert planned_value(spread, date(2026, 1, 31)) == 3_100
    assert planned_value(spread, date(2026, 2, 14)) == 4_500
    assert planned_value(spread, date(2027, 1, 1)) == 5_900


@given(st.lists(st.tuples(st.dates(date(2020, 1, 1), date(2030, 12, 31)), amounts)),
       st.dates(date(2019, 1, 1), date(2032, 1, 1)), st.integers(0, 400))  # fmt: skip
def test_planned_value_never_falls(spread, as_of, days):
    later = date.fromordinal(as_of.toordinal() + days)
    total = sum(amount for _month, amount in spread)
    assert 0 <= planned_value(spread, as_of) <= planned_value(spread, later) <= total


def test_earned():
    assert earned(D(1_000), percent=D("12.5")) == (D("125"), False)
    assert earned(D(1_000), quantity=D(30), budget_quantity=D(40)) == (D("750"), False)
    assert earned(D(1_000), quantity=D(50), budget_quantity=D(40)) == (D("1000"), True)
    assert earned(D(1_000), quantity=D(50), budget_quantity=D(0)) == (D(0), True)


MONTHS = [date(2026, month, 1) for month in range(1, 7)]


@given(st.lists(amounts, min_size=1, max_size=6), amounts)
def test_a_plan_ends_at_its_budget(parts, change):
    """Whatever changes came on top: at the end of its months all of the budget is planned."""
    version = sum(parts)
    plan = Plan(version + change, tuple(zip(MONTHS, parts, strict=False)), version)
    end = plan.value(date(2026, 6, 30), D(0))
    assert rounded(end.planned, "0.000001") == version + change
    assert rounded(plan.unspread, "0.000001") == 0
    assert plan.value(date(2025, 12, 31), D(0)).planned == 0


@given(st.lists(st.integers(0, 100).map(D), min_size=1, max_size=6))
def test_the_report_of_the_day_counts(percents):
    reports = tuple(
        Progress(month, percent=percent) for month, percent in zip(MONTHS, percents, strict=False)
    )
    plan = Plan(D(1000), reports=reports)
    for report in reports:
        assert plan.value(report.as_of, D(0)).earned == 10 * report.percent
        assert plan.measurable(report.as_of)
    assert plan.value(date(2025, 12, 31), D(0)).earned == 0
    assert not plan.measurable(date(2025, 12, 31))


def test_a_quantity_without_a_plan_measures_nothing():
    plan = Plan(D(1000), reports=(Progress(MONTHS[0], quantity=D(5)),))
    assert plan.value(MONTHS[0], D(0)).earned == 0
    assert not plan.measurable(MONTHS[0])
    assert plan.exceeds(MONTHS[0])


@given(st.lists(st.tuples(amounts, amounts, amounts, amounts), max_size=5))
def test_keys_add_up(rows):
    together = total(EarnedValue(*row) for row in rows)
    sums = [sum(column) for column in zip(*rows, strict=True)] or [0, 0, 0, 0]
    assert [together.budget, together.planned, together.earned, together.actual] == sums


def test_work_that_nobody_has_billed_yet_tells_no_end():
    job = EarnedValue(D(1000), D(500), D(100), D(0))
    assert job.at_completion_by_cpi is job.at_completion_by_both is None
    assert job.to_complete_by_cpi is job.variance_by_cpi is None
    assert job.at_completion_by_budget == 900
