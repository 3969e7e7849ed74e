"""What the tests of supplier bills share: retention accounts, payments by the real wizard."""

from odoo import fields
from odoo.fields import Command

from .domain import DomainCase


class BillCase(DomainCase):
    """A company that can hold retention and pay, and people of Finance."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.retention_account = cls.make_retention_account(cls.company)
        cls.bank = cls.env["account.journal"].search(
            [("type", "=", "bank"), ("company_id", "=", cls.company.id)], limit=1
        )
        cls.give_outstanding(cls.bank)
        cls.finance = cls.make_user("bill-finance", "finance")
        cls.releaser = cls.make_user("bill-releaser", "finance")
        cls.manager = cls.make_user("bill-manager", "project_manager")

    @classmethod
    def make_retention_account(cls, company):
        account = cls.env["account.account"].create(
            {
                "name": "Retention payable",
                "code": "211900",
                "account_type": "liability_payable",
                "reconcile": True,
                "company_ids": [Command.set(company.ids)],
            }
        )
        rows = cls.env["construction.account.map"].search([("company_id", "=", company.id)])
        rows.write({"retention_account_id": account.id})
        return account

    @classmethod
    def give_outstanding(cls, journal):
        """Payments get an entry, as with a bank account whose statements are entered."""
        account = cls.env["account.account"].create(
            {
                "name": "Outstanding payments",
                "code": "101900",
                "account_type": "asset_current",
                "reconcile": True,
                "company_ids": [Command.set(journal.company_id.ids)],
            }
        )
        journal.outbound_payment_method_line_ids.payment_account_id = account
        journal.inbound_payment_method_line_ids.payment_account_id = account

    def held_bill(self, amount, retention, post=True, **more):
        """A bill of a new order, with retention."""
        order = self.order(self.line(amount), confirm=True, budget_reason="x")
        bill = self.bill(order, amount, post=False)
        bill.write({"retention_amount": retention, "ref": self.unique("INV-"), **more})
        if post:
            bill.action_post()
            self.assertEqual(bill.state, "posted", bill.release_reason)
        return bill

    def wizard(self, records, **values):
        """The payment wizard as a person opens it on bills or items."""
        return (
            self.env["account.payment.register"]
            .with_context(active_model=records._name, active_ids=records.ids)
            .create({"journal_id": self.bank.id, **values})
        )

    def pay(self, records, **values):
        """(what the wizard shows, what it pays)"""
        wizard = self.wizard(records, **values)
        shown = wizard.amount
        before = self.env["account.payment"].search([]).ids
        wizard.action_create_payments()
        made = self.env["account.payment"].search([("id", "not in", before)])
        return shown, sum(made.mapped("amount"))

    def terms(self, bill):
        """{account code: amount} of what the bill owes."""
        lines = bill.line_ids.filtered(lambda line: line.display_type == "payment_term")
        return {line.account_id: -line.amount_currency for line in lines}

    def balance(self, account, **more):
        lines = self.env["account.move.line"].search(
            [("account_id", "=", account.id), ("parent_state", "=", "posted")]
        )
        return sum(lines.mapped("balance"))

    def payable(self, partner=None):
        return (partner or self.vendor).property_account_payable_id

    def today(self):
        return fields.Date.today()
