"""The account map decides the ledger account of a cost; without an entry nothing is made."""

import psycopg2
from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from .domain import DomainCase
from .invoices import InvoiceCase


@tagged("post_install", "-at_install")
class TestAccountMap(DomainCase, TransactionCase):
    def row(self, category, job_kind=False):
        return self.env["construction.account.map"].search(
            [
                ("company_id", "=", self.company.id),
                ("category", "=", category),
                ("job_kind", "=", job_kind),
            ]
        )

    def account(self, code):
        return self.env["account.account"].create(
            {"name": code, "code": code, "account_type": "expense_direct_cost"}
        )

    def mapped(self, category, job=None):
        return self.env["construction.account.map"]._cost_account_id(
            self.company, category, job or self.job
        )

    def test_proposal_fills_every_category_once(self):
        AccountMap = self.env["construction.account.map"]
        self.assertFalse(AccountMap._missing_categories(self.company))
        self.assertFalse(AccountMap._propose(self.company))

    def test_kind_of_job(self):
        plain, special = self.account("501100"), self.account("501200")
        self.row("material").cost_account_id = plain
        self.env["construction.account.map"].create(
            {"category": "material", "job_kind": "sub_job", "cost_account_id": special.id}
        )
        sub = self.make_job("26-100-A", parent_job_id=self.job.id)
        self.assertEqual(self.mapped("material"), plain.id)
        self.assertEqual(self.mapped("material", sub), special.id)
        self.row("material").unlink()
        self.assertIsNone(self.mapped("material"))
        self.assertIn(
            "Material", self.env["construction.account.map"]._missing_categories(self.company)
        )

    def test_one_row_per_company_category_and_kind(self):
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(psycopg2.errors.UniqueViolation),
            self.cr.savepoint(),
        ):
            self.row("material").copy()

    def test_companies_have_rows_of_their_own(self):
        second = self.make_company("Second")
        account = self.account("501300")
        self.row("material").cost_account_id = account
        other = self.env["construction.account.map"]._cost_account_id(second, "material", self.job)
        self.assertTrue(other)
        self.assertNotEqual(other, account.id)

    def test_bills_of_commitments_use_it(self):
        account = self.account("501400")
        self.row("material").cost_account_id = account
        self.budget()
        bill = self.bill(self.order(confirm=True), post=False)
        self.assertEqual(bill.invoice_line_ids.account_id, account)

    def test_nothing_is_ordered_without_it(self):
        self.row("material").unlink()
        self.budget()
        with self.assertRaisesRegex(UserError, "no account for Material"):
            self.order(confirm=True)

    def test_a_platform_does_not_activate_with_a_hole(self):
        self.row("overhead").unlink()
        platform = self.env["construction.platform"].create(
            {"name": "New", "key": "tests-hole", "company_id": self.company.id}
        )
        with self.assertRaisesRegex(UserError, "no account for: Overhead"):
            platform.action_activate()

    def test_a_hole_parks_the_event_before_anything_is_made(self):
        self.setup_job()
        self.row("material").unlink()
        event = self.event("commitment.approved", data=self.commitment_data())
        before = self.env["purchase.order"].search_count([])
        self.apply(event)
        self.assertParked(event["id"], "unmapped_reference")
        self.assertEqual(self.env["purchase.order"].search_count([]), before)
        self.env["construction.account.map"]._propose(self.company)
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")

    def test_buyers_and_bookkeepers_need_no_group_of_this_addon(self):
        """Whoever may order and bill may do so for a job as well."""
        self.budget(5000)
        buyer, keeper = self.make_user("plain-buyer"), self.make_user("plain-keeper")
        buyer.group_ids |= self.env.ref("purchase.group_purchase_user")
        keeper.group_ids |= self.env.ref("account.group_account_invoice")
        self.env.invalidate_all()
        order = self.order(user=buyer)
        order.order_line.cost_code_id.name_search("03")
        order.button_confirm()
        self.env.invalidate_all()
        order.action_create_invoice()
        bill = order.sudo().invoice_ids.with_user(keeper)
        bill.invoice_date = fields.Date.today()
        self.env.invalidate_all()
        bill.action_post()
        self.env.invalidate_all()
        bill.button_draft()
        self.assertEqual(bill.state, "draft")


@tagged("post_install", "-at_install")
class TestAccountsWaitedFor(InvoiceCase, TransactionCase):
    def test_an_event_goes_on_with_the_account_it_waited_for(self):
        rows = self.env["construction.account.map"].search([("company_id", "=", self.company.id)])
        deducted = [{"kind": "withholding", "amount": "10.00"}]
        for name, more in (
            ("withholding_account_id", {"deductions": deducted}),
            (
                "retention_account_id",
                {"retention_amount": "10.00", "lines": [self.line_of("70.00")]},
            ),
        ):
            account = rows[0][name] or self.account("231901", "liability_current")
            rows.write({name: False})
            event = self.invoice(self.unique("W"), **more)
            self.apply(event)
            self.assertParked(event["id"], "unmapped_reference")
            rows.write({name: account.id})
            self.drain()
            self.assertEqual(self.state(event["id"]), "processed", name)
