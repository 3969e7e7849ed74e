"""Job cost = ledger by month, one deliberate difference named; clearing accounts explained."""

import psycopg2
from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from .domain import DomainCase


@tagged("post_install", "-at_install")
class TestJobLedger(DomainCase, TransactionCase):
    def given(self):
        super().given()
        self.march = self.cost_entry(700, date="2026-03-05")
        self.cost_entry(300, self.key(code=self.other_code), date="2026-03-20")
        self.cost_entry(50, date="2026-04-02")
        income = {str(self.job.account_id.id): 100}
        self.entry((self.income, -9000, income), (self.asset, 9000, False), date="2026-03-31")

    def rows(self, job=None):
        self.env.flush_all()
        self.env.invalidate_all()
        found = self.env["construction.job.ledger"].search([("job_id", "=", (job or self.job).id)])
        return {str(row.month)[:7]: row for row in found}

    def amounts(self, row):
        return (row.report_amount, row.analytic_amount, row.ledger_amount, row.difference)

    def test_the_three_are_the_same_by_month(self):
        rows = self.rows()
        self.assertEqual(self.amounts(rows["2026-03"]), (1000, 1000, 1000, 0))
        self.assertEqual(self.amounts(rows["2026-04"]), (50, 50, 50, 0))
        total = sum(row.report_amount for row in rows.values())
        self.assertEqual(total, self.env["construction.job.cost"]._totals(self.job)[self.job.id]
                         ["actual"])  # fmt: skip

    def test_bills_reversals_transfers_and_what_was_taken_back(self):
        self.budget()
        order = self.order(confirm=True)
        bill = self.bill(order, 250, date="2026-03-15")
        self.bill(order, 100, date="2026-04-15")
        self.march.button_draft()
        bill._reverse_moves([{"date": bill.date, "invoice_date": bill.date}], cancel=True)
        rows = self.rows()
        self.assertEqual(self.amounts(rows["2026-03"]), (300, 300, 300, 0))
        self.assertEqual(self.amounts(rows["2026-04"]), (150, 150, 150, 0))

    def test_differences_are_named(self):
        """Somebody went past the suite, with the database in hand."""
        item = self.march.line_ids.filtered("analytic_distribution")
        line = item.analytic_line_ids
        self.env.flush_all()
        cr = self.env.cr
        for query, values, found, model, ids in (
            ("UPDATE account_analytic_line SET amount = -10 WHERE id = %s", [line.id],
             (310, 310, 1000, 690), "account.move.line", item.ids),
            ("UPDATE account_analytic_line SET date = '2026-05-01' WHERE id = %s", [line.id],
             (300, 300, 1000, 700), "account.move.line", item.ids),
            ("UPDATE account_move_line SET analytic_distribution = NULL WHERE id = %s", [item.id],
             (1000, 1000, 300, 700), "account.analytic.line", None),
            ("UPDATE account_analytic_line SET general_account_id = NULL WHERE id = %s", [line.id],
             (300, 1000, 1000, 700), "account.analytic.line", line.ids),
        ):  # fmt: skip
            with self.subTest(query), cr.savepoint() as savepoint:
                cr.execute(query, values)
                row = self.rows()["2026-03"]
                self.assertEqual(self.amounts(row), found)
                if ids is not None:
                    action = row.action_open_difference()
                    self.assertEqual(action["res_model"], model)
                    self.assertEqual(self.env[model].search(action["domain"]).ids, ids)
                savepoint.rollback()
            self.env.invalidate_all()

    def test_two_clicks_to_the_lines(self):
        row = self.rows()["2026-03"]
        items = row.action_open_items()
        found = self.env["account.move.line"].search(items["domain"])
        self.assertEqual(sum(found.mapped("balance")), 1000)
        lines = row.action_open_analytic()
        found = self.env["account.analytic.line"].search(lines["domain"])
        self.assertEqual(sum(found.mapped("amount")), -1000)
        self.assertEqual(row.action_open_difference()["domain"], items["domain"])

    def test_the_state_of_the_month(self):
        period = self.env["construction.period"].create({"month": "2026-03-01"})
        finance = self.make_user("ledger-finance", "finance")
        period.with_user(finance).action_advance()
        self.assertEqual(self.rows()["2026-03"].job_cost_state, "soft")
        self.assertEqual(self.rows()["2026-04"].job_cost_state, "open")

    def test_who_sees_it(self):
        private = self.make_job("26-990", privacy_visibility="followers")
        self.cost_entry(5, self.key(private))
        user = self.make_user("ledger-user", "project_user")
        second = self.make_company("Second")
        stranger = self.make_user("ledger-stranger", "finance", company=second)
        self.env.flush_all()
        Ledger = self.env["construction.job.ledger"]
        self.assertNotIn(private, Ledger.with_user(user).search([]).sudo().job_id)
        self.assertFalse(Ledger.with_user(stranger).search([]))


@tagged("post_install", "-at_install")
class TestClearing(DomainCase, TransactionCase):
    def given(self):
        super().given()
        self.card = self.env["account.account"].create(
            {"name": "Company cards", "code": "219001", "account_type": "liability_current",
             "reconcile": True}
        )  # fmt: skip
        self.row = self.env["construction.clearing.account"].create(
            {"purpose": "company_card", "account_id": self.card.id}
        )

    def clearing(self):
        self.env.flush_all()
        self.env.invalidate_all()
        return self.env["construction.clearing"].search([("account_id", "=", self.card.id)])

    def slip(self, amount):
        return self.entry((self.expense, amount, self.key()), (self.card, -amount, False))

    def test_the_balance_and_its_documents(self):
        self.assertEqual(self.clearing().documents, 0)
        paid, open_slip = self.slip(80), self.slip(45)
        payment = self.entry((self.card, 80, False), (self.asset, -80, False))
        found = self.clearing()
        self.assertEqual(
            (found.balance, found.explained, found.documents), (-45, -45, 3), "not yet matched"
        )
        (paid.line_ids + payment.line_ids).filtered(
            lambda line: line.account_id == self.card
        ).reconcile()
        found = self.clearing()
        self.assertEqual(
            (found.balance, found.explained, found.unexplained, found.documents),
            (-45, -45, 0, 1),
        )
        self.assertEqual(found.purpose, "Company cards")
        action = found.action_open_documents()
        documents = self.env["construction.clearing.document"].search(action["domain"])
        self.assertEqual((documents.move_id, documents.amount), (open_slip, -45))
        self.assertEqual(documents.action_open_document()["res_id"], open_slip.id)

    def test_what_cannot_be_one(self):
        Row = self.env["construction.clearing.account"]
        for account in (self.expense, self.income, self.asset.copy({"reconcile": False})):
            with self.assertRaisesRegex(UserError, "cannot be a clearing account"):
                Row.create({"purpose": "other", "account_id": account.id})
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(psycopg2.errors.UniqueViolation),
            self.cr.savepoint(),
        ):
            other = self.card.copy({"code": "219002"})
            Row.create({"purpose": "company_card", "account_id": other.id})

    def test_who_sees_it(self):
        for group in ("finance", "auditor"):
            user = self.make_user(f"clearing-{group}", group)
            self.assertTrue(self.env["construction.clearing"].with_user(user).search([]))
        manager = self.make_user("clearing-manager", "project_manager")
        with self.assertRaises(AccessError):
            self.env["construction.clearing"].with_user(manager).search([])
        second = self.make_company("Second")
        stranger = self.make_user("clearing-stranger", "finance", company=second)
        for model in ("construction.clearing", "construction.clearing.document",
                      "construction.clearing.account"):  # fmt: skip
            found = self.env[model].with_user(stranger).search([])
            self.assertNotIn(self.card, found.sudo().account_id, model)
