"""The schedule of work in progress against published examples."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.construction_sync_base.lib.revenue import Contract

D = Decimal
amounts = st.integers(0, 10**11).map(lambda n: Decimal(n).scaleb(-2))


def years(*contracts):
    """What each year adds to the profit."""
    profits = [D(0), *(contract.profit for contract in contracts)]
    return [later - earlier for earlier, later in zip(profits, profits[1:], strict=False)]


def test_vw1():
    schedule = [
        Contract(D(4_500_000), D(cost), D(left), D(billed))
        for cost, left, billed in (
            (1_000_000, 3_000_000, 900_000),
            (2_916_000, 1_134_000, 3_300_000),
            (4_050_000, 0, 4_500_000),
        )
    ]
    assert [contract.share for contract in schedule] == [D("0.25"), D("0.72"), 1]
    assert [contract.earned for contract in schedule] == [1_125_000, 3_240_000, 4_500_000]
    assert years(*schedule) == [125_000, 199_000, 126_000]
    assert [contract.over_or_under for contract in schedule] == [225_000, -60_000, 0]


def test_vw2():
    first = Contract(D(3_000_000), D(990_000), D(810_000))
    assert (first.share, first.earned, first.profit) == (D("0.55"), 1_650_000, 660_000)
    last = Contract(D(3_000_000), D(990_000) + D(825_000), D(0))
    assert years(first, last)[1] == 525_000


def test_vw4():
    first = Contract(D(7_000_000), D(2_500_000), D(3_500_000))
    second = Contract(D(6_700_000), D(5_800_000), D(400_000))
    third = Contract(D(6_700_000), D(6_210_000), D(0))
    assert first.share.quantize(D("0.0001")) == D("0.4167")
    assert second.share.quantize(D("0.0001")) == D("0.9355")
    assert years(first, second, third) == [D("416666.67"), D("51075.27"), D("22258.06")]


def test_vw5_uninstalled_materials_earn_no_margin():
    job = Contract(
        D(5_000_000), D(2_000_000), D(2_000_000),
        uninstalled=D(1_500_000), uninstalled_total=D(1_500_000),
    )  # fmt: skip
    assert (job.share, job.earned, job.profit) == (D("0.2"), 2_200_000, 200_000)


def test_an_expected_loss_is_whole_at_once():
    """Price 1,000,000, at completion 1,100,000, 40 percent done."""
    job = Contract(D(1_000_000), D(440_000), D(660_000))
    assert job.profit == -40_000
    assert job.loss_provision == 60_000


@given(amounts, amounts, amounts, amounts)
def test_profit_and_provision_are_the_expected_loss(price, cost, left, billed):
    if not cost + left:
        with pytest.raises(ValueError, match="0"):
            _ = Contract(price, cost, left).earned
        return
    job = Contract(price, cost, left, billed)
    assert job.over_or_under + billed == job.earned
    assert job.loss_provision >= 0
    if job.expected_result < 0:
        assert abs(job.profit - job.loss_provision - job.expected_result) <= D("0.01")
    else:
        assert job.loss_provision == 0
