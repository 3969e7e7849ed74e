"""Accruals: cost of a month without a bill, taken back on the first day of the next."""

from datetime import date

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger
from psycopg2.errors import CheckViolation

from .domain import DomainCase

MAY, JUNE = date(2026, 5, 1), date(2026, 6, 1)


class AccrualCase(DomainCase):
    def given(self):
        super().given()
        self.owed = self.env["account.account"].create(
            {"code": self.unique("2099"), "name": "Accrued cost", "reconcile": True,
             "account_type": "liability_current", "company_ids": self.company.ids}
        )  # fmt: skip
        rows = self.env["construction.account.map"].search([("company_id", "=", self.company.id)])
        rows.accrual_account_id = self.owed
        self.budget(200000.0)
        self.pm = self.make_user("accruer", "project_manager")
        self.finance = self.make_user("accrual-releaser", "finance")

    def accrual(self, *lines, user=None, **values):
        lines = lines or ({"amount": 15000},)
        coded = {"job_id": self.job.id, "cost_code_id": self.code.id,
                 "cost_type_id": self.material.id}  # fmt: skip
        return self.env["construction.accrual"].with_user(user or self.pm).create({
            "month": MAY, "kind": "work_not_billed", "company_id": self.company.id,
            "line_ids": [Command.create(
                line if "purchase_line_id" in line else coded | line) for line in lines],
            **values,
        })  # fmt: skip

    def released(self, *lines, **values):
        accrual = self.accrual(*lines, **values)
        accrual.action_submit()
        accrual.with_user(self.finance).action_release()
        self.assertEqual(accrual.state, "posted")
        return accrual.sudo()

    def figures(self, *names):
        self.env.invalidate_all()
        row = self.env["construction.job.cost"].search(
            [("job_id", "=", self.job.id), ("cost_code_id", "=", self.code.id)]
        )
        return tuple(row[name] for name in names)


@tagged("post_install", "-at_install")
class TestAccruals(AccrualCase, TransactionCase):
    def test_the_example_of_the_rules(self):
        """100,000 committed, 40,000 billed, 55 % in place: 15,000 accrued. Actual 55,000,
        open 45,000, projected 100,000, in the month and after its reversal."""
        order = self.order(self.line(100000), confirm=True)
        self.bill(order, 40000)
        names = ("committed", "billed", "accrued", "actual", "open", "projected")
        self.assertEqual(self.figures(*names), (100000, 40000, 0, 40000, 60000, 100000))
        accrual = self.accrual({"purchase_line_id": order.order_line.id, "amount": 15000})
        accrual.action_submit()
        self.assertEqual(accrual.release_state, "to_release")
        self.assertEqual(self.figures("accrued"), (0,), "nothing is booked unreleased")
        accrual.with_user(self.finance).action_release()
        accrual = accrual.sudo()
        accrual.reversal_id.button_draft()  # as it is before the day has come
        self.assertEqual(self.figures(*names), (100000, 40000, 15000, 55000, 45000, 100000))
        accrual.reversal_id.action_post()
        self.assertEqual(self.figures(*names), (100000, 40000, 0, 40000, 60000, 100000))

    def test_entry_and_reversal(self):
        accrual = self.released({"amount": 15000}, {"amount": 500.55})
        entry, back = accrual.move_id, accrual.reversal_id
        self.assertEqual((str(entry.date), str(back.date)), ("2026-05-31", "2026-06-01"))
        self.assertEqual((entry.state, back.state), ("posted", "posted"))
        cost = entry.line_ids.filtered("analytic_distribution")
        self.assertEqual(sum(cost.mapped("balance")), 15500.55)
        owed = entry.line_ids - cost
        self.assertEqual((owed.account_id, owed.balance), (self.owed, -15500.55))
        self.assertFalse(owed.analytic_distribution, "on one side only")
        lines = (entry | back).line_ids.analytic_line_ids
        self.assertAlmostEqual(sum(lines.mapped("amount")), 0, 2)

    def test_a_reversal_that_lies_ahead_waits_for_its_day(self):
        month = date.today().replace(day=1)
        accrual = self.released(month=month)
        self.assertEqual(accrual.reversal_id.state, "draft")
        self.assertEqual(accrual.reversal_id.auto_post, "at_date")
        self.assertEqual(self.figures("actual"), (15000,))

    def test_not_more_than_is_open(self):
        order = self.order(self.line(1000), confirm=True)
        self.bill(order, 400, date="2026-05-20")
        line = {"purchase_line_id": order.order_line.id, "amount": 600.01}
        with self.assertRaisesRegex(UserError, "600.01.*600.00"):
            self.accrual(line).action_submit()
        self.released(line | {"amount": 600})

    def test_the_coding_is_that_of_the_commitment(self):
        order = self.order(self.line(1000), confirm=True)
        accrual = self.accrual({"purchase_line_id": order.order_line.id, "amount": 5})
        self.assertEqual(accrual.line_ids.cost_code_id, self.code)
        with self.assertRaises(ValidationError):
            accrual.line_ids.cost_code_id = self.other_code

    def test_a_locked_month_takes_none(self):
        period = self.env["construction.period"].create(
            {"company_id": self.company.id, "month": MAY}
        )
        accrual = self.accrual()
        period = period.with_user(self.finance)
        while period.job_cost_state != "locked":
            period.action_advance()
        with self.assertRaises(UserError):
            accrual.action_submit()

    def test_posted_it_stays(self):
        accrual = self.released()
        for change in (
            lambda: accrual.write({"month": JUNE}),
            lambda: accrual.line_ids.write({"amount": 1}),
            lambda: accrual.unlink(),
            lambda: accrual.action_submit(),
        ):
            with self.assertRaises(UserError):
                change()

    def test_the_database_keeps_the_rules(self):
        for values in ({"amount": 0}, {"amount": -5}):
            with self.assertRaises(CheckViolation), mute_logger("odoo.sql_db"):
                with self.env.cr.savepoint():
                    self.accrual(values)
        accrual = self.accrual()
        with self.assertRaises(CheckViolation), mute_logger("odoo.sql_db"):
            self.env.cr.execute(
                "UPDATE construction_accrual SET state = 'posted' WHERE id = %s", (accrual.id,)
            )

    def test_without_an_account_nothing_is_booked(self):
        accrual = self.accrual()
        accrual.action_submit()
        self.env["construction.account.map"].search([]).accrual_account_id = False
        with self.assertRaisesRegex(UserError, "account map"):
            accrual.with_user(self.finance).action_release()

    def test_rights(self):
        accrual = self.accrual()
        accrual.action_submit()
        with self.assertRaises(UserError):
            accrual.with_user(self.pm).action_release()  # who submitted
        company = self.make_company("Elsewhere Accruals")
        other = self.make_user("accrual-elsewhere", "finance", company=company)
        with self.assertRaises(AccessError):
            accrual.with_user(other).read(["number"])
        with self.assertRaises(AccessError):
            self.accrual(user=self.make_user("accrual-reader", "project_user"))


@tagged("post_install", "-at_install")
class TestProposed(AccrualCase, TransactionCase):
    def propose(self, **values):
        dialog = self.env["construction.accrual.propose"].with_user(self.pm).create(
            {"month": date(2026, 5, 17), "company_id": self.company.id,
             "job_ids": [Command.set(self.job.ids)], **values}
        )  # fmt: skip
        return self.env["construction.accrual"].search(dialog.action_propose()["domain"])

    def test_received_and_not_billed(self):
        order = self.order(self.line(10000), self.line(5000), confirm=True)
        first, second = order.order_line
        first.qty_received, second.qty_received = 6000, 5000
        self.bill(order, 2500, 5000, date="2026-05-20")
        accrual = self.propose()
        self.assertEqual((accrual.month, accrual.kind), (MAY, "received_not_billed"))
        self.assertEqual(accrual.line_ids.purchase_line_id, first)
        self.assertEqual(accrual.line_ids.amount, 3500)
        accrual.action_submit()
        accrual.with_user(self.finance).action_release()
        accrual.sudo().reversal_id.button_draft()
        with self.assertRaisesRegex(UserError, "billed or accrued"):
            self.propose()

    def test_at_most_what_is_open(self):
        order = self.order(self.line(1000), confirm=True)
        order.order_line.qty_received = 1400
        self.assertEqual(self.propose().line_ids.amount, 1000)

    def test_one_draft_for_each_job(self):
        other = self.make_job("26-777")
        self.budget(5000, job=other)
        for job in (self.job, other):
            order = self.order(self.line(1000), project_id=job.id, confirm=True)
            order.order_line.qty_received = 300
        accruals = self.propose(job_ids=[Command.set((self.job | other).ids)])
        self.assertEqual(len(accruals), 2)
        self.assertEqual(accruals.line_ids.job_id, self.job | other)
