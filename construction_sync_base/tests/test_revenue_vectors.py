"""Vectors V-W through documents: cost to date is posted cost, the cost at completion the signed
forecast of the same month. The owner's contract and what is billed of it are billing's; here they
are given."""

from datetime import date
from decimal import Decimal

from odoo.fields import Command
from odoo.tests import TransactionCase, tagged

from ..lib.revenue import Contract
from .domain import DomainCase

D = Decimal
MONTHS = (date(2026, 3, 1), date(2026, 4, 1), date(2026, 5, 1))


@tagged("post_install", "-at_install")
class TestRevenueVectors(DomainCase, TransactionCase):
    def given(self):
        super().given()
        self.budget(10000000)
        self.pm = self.make_user("wip-manager", "project_manager")

    def close(self, month, cost, at_completion):
        """Cost of a month is posted, half of it by a bill and to another code; the month's
        forecast is signed."""
        order = self.order(self.line(cost / 2), confirm=True, budget_reason="x")
        self.bill(order, cost / 2, date=month.replace(day=20))
        self.cost_entry(cost / 2, self.key(code=self.other_code), date=month.replace(day=28))
        forecast = (
            self.env["construction.forecast"]
            .with_user(self.pm)
            .create({"job_id": self.job.id, "month": month})
        )
        forecast.action_take_figures()
        lines = forecast.line_ids
        rest = lines.filtered(lambda line: line.cost_code_id == self.code)
        (lines - rest).write({"method": "lump_sum", "amount": 0})
        for line in lines - rest:
            line.amount = line.actual
        rest.write(
            {"method": "lump_sum", "amount": at_completion - sum((lines - rest).mapped("amount"))}
        )
        forecast.action_sign()
        self.assertEqual(forecast.at_completion, at_completion)

    def inputs(self, month, job=None):
        job = job or self.job
        return self.env["construction.forecast"]._cost_inputs(job, month).get(job)

    def schedule(self, *rows, **more):
        """Contracts of (price, cost of the month, at completion, billed to date)."""
        made = []
        for month, (price, cost, total, billed) in zip(MONTHS, rows, strict=False):
            self.close(month, cost, total)
            made.append(Contract(D(price), *self.inputs(month), D(billed), **more))
        return made

    def profits(self, contracts):
        found = [D(0), *(contract.profit for contract in contracts)]
        return [after - before for before, after in zip(found, found[1:], strict=False)]

    def test_vw1(self):
        made = self.schedule(
            (4500000, 1000000, 4000000, 900000),
            (4500000, 1916000, 4050000, 3300000),
            (4500000, 1134000, 4050000, 4500000),
        )
        self.assertEqual([one.share for one in made], [D("0.25"), D("0.72"), 1])
        self.assertEqual([one.earned for one in made], [1125000, 3240000, 4500000])
        self.assertEqual(self.profits(made), [125000, 199000, 126000])
        self.assertEqual([one.over_or_under for one in made], [225000, -60000, 0])

    def test_vw2(self):
        made = self.schedule((3000000, 990000, 1800000, 0), (3000000, 825000, 1815000, 0))
        self.assertEqual((made[0].share, made[0].earned), (D("0.55"), 1650000))
        self.assertEqual(self.profits(made), [660000, 525000])

    def test_vw4(self):
        made = self.schedule(
            (7000000, 2500000, 6000000, 0),
            (6700000, 3300000, 6200000, 0),
            (6700000, 410000, 6210000, 0),
        )
        self.assertEqual(self.profits(made), [D("416666.67"), D("51075.27"), D("22258.06")])

    def test_vw5_uninstalled_materials(self):
        (made,) = self.schedule(
            (5000000, 2000000, 4000000, 0), uninstalled=D(1500000), uninstalled_total=D(1500000)
        )
        self.assertEqual((made.share, made.earned, made.profit), (D("0.2"), 2200000, 200000))

    def test_an_expected_loss(self):
        """The rules' example: 1,000,000, at completion 1,100,000, 40 % done."""
        (made,) = self.schedule((1000000, 440000, 1100000, 0))
        self.assertEqual((made.share, made.profit, made.loss_provision), (D("0.4"), -40000, 60000))

    def test_the_month_decides_what_counts(self):
        """Another month's forecast stops the schedule; cost of later months and drafts of bills
        stay out; a released accrual is inside."""
        self.close(MONTHS[0], 1000, 5000)
        self.assertEqual(self.inputs("2026-03-17"), (D(1000), D(4000)))
        self.assertIsNone(self.inputs("2026-04-30"), "nobody signed April")
        self.assertIsNone(self.inputs("2026-02-28"))
        self.cost_entry(300, date="2026-04-01")
        self.cost_entry(70, date="2026-03-31", post=False)
        self.assertEqual(self.inputs("2026-03-31"), (D(1000), D(4000)))
        owed = self.asset.copy({"account_type": "liability_current", "code": "299996"})
        self.env["construction.account.map"].search(
            [("company_id", "=", self.company.id)]
        ).accrual_account_id = owed
        self.release_by_policy("accrual")
        line = {"job_id": self.job.id, "cost_code_id": self.code.id,
                "cost_type_id": self.material.id, "amount": 500}  # fmt: skip
        self.env["construction.accrual"].create(
            {"month": "2026-03-01", "kind": "other", "line_ids": [Command.create(line)]}
        ).action_submit()
        self.assertEqual(self.inputs("2026-03-31"), (D(1500), D(3500)))
