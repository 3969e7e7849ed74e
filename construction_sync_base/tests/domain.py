"""Builders for tests of the domain: jobs, codes, orders and bills as people make them."""

from odoo import fields
from odoo.fields import Command

from .common import SyncCase


class DomainCase(SyncCase):
    """A job with a budget, two cost codes, a vendor and a second company."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.job = cls.make_job("26-100")
        cls.vendor = cls.env["res.partner"].create(
            {"name": "Concrete Works", "is_company": True, "supplier_rank": 1}
        )
        cls.code = cls.make_code("03-300")
        cls.other_code = cls.make_code("05-120")
        types = cls.env["construction.cost.type"].search([("company_id", "=", False)])
        cls.types = {cost_type.category: cost_type for cost_type in types}
        cls.material = cls.types["material"]
        cls.subcontract = cls.types["subcontract"]
        cls.expense = cls.env["account.account"].search(
            [("account_type", "=", "expense"), ("company_ids", "in", cls.company.id)], limit=1
        )
        cls.income = cls.env["account.account"].search(
            [("account_type", "=", "income"), ("company_ids", "in", cls.company.id)], limit=1
        )
        cls.asset = cls.env["account.account"].search(
            [("account_type", "=", "asset_current"), ("company_ids", "in", cls.company.id)], limit=1
        )
        cls.coding = cls.env["construction.coding"]

    # ------------------------------------------------------------- builders
    @classmethod
    def make_job(cls, number, **values):
        return cls.env["project.project"].create(
            {"name": f"Job {number}", "is_job": True, "job_number": number, **values}
        )

    @classmethod
    def make_code(cls, code, **values):
        return cls.env["construction.cost.code"].create(
            {"code": code, "name": f"Code {code}", **values}
        )

    def key(self, job=None, code=None, cost_type=None):
        """The coding of a cost line."""
        return self.coding._distribution(
            job or self.job, code or self.code, cost_type or self.material
        )

    def line(self, amount=1000.0, code=None, cost_type=None, **values):
        """Values of an amount line of the schedule of values."""
        cost_type = cost_type or self.material
        return {
            "name": "Work",
            "sov_method": "amount",
            "product_id": cost_type.product_id.id,
            "product_qty": amount,
            "price_unit": 1.0,
            "tax_ids": [Command.clear()],
            "cost_code_id": (code or self.code).id,
            "cost_type_id": cost_type.id,
            **values,
        }

    def order(self, *lines, confirm=False, user=None, **values):
        """An order typed in Odoo; one line of 1,000 unless lines are given."""
        order = self.env["purchase.order"].create(
            {
                "partner_id": self.vendor.id,
                "project_id": self.job.id,
                "company_id": self.job.company_id.id,
                "order_line": [Command.create(line) for line in lines or (self.line(),)],
                **values,
            }
        )
        if confirm:
            order.button_confirm()
        return order.with_user(user) if user else order

    def budget(self, amount=100000.0, *lines, job=None, version=None, **values):
        """An approved budget, of `amount` for the code and type used by default."""
        lines = lines or ((self.code, self.material, amount),)
        budget = self.env["construction.budget"].create(
            {
                "job_id": (job or self.job).id,
                "version": version or self.unique("v"),
                "line_ids": [
                    Command.create(
                        {"cost_code_id": code.id, "cost_type_id": kind.id, "amount": value}
                    )
                    for code, kind, value in lines
                ],
                **values,
            }
        )
        budget.action_approve()
        return budget

    def entry(self, *lines, date=None, journal="general", post=True):
        """A journal entry of (account, debit or minus credit, distribution)."""
        move = self.env["account.move"].create(
            {
                "date": date or fields.Date.today(),
                "journal_id": self.env["account.journal"]
                .search([("type", "=", journal), ("company_id", "=", self.company.id)], limit=1)
                .id,
                "line_ids": [
                    Command.create(
                        {
                            "account_id": account.id,
                            "debit": max(amount, 0),
                            "credit": max(-amount, 0),
                            "analytic_distribution": coding,
                        }
                    )
                    for account, amount, coding in lines
                ],
            }
        )
        if post:
            move.action_post()
        return move

    def cost_entry(self, amount=100.0, coding=None, **more):
        """A cost booked straight to the job."""
        return self.entry(
            (self.expense, amount, coding or self.key()), (self.asset, -amount, False), **more
        )

    def bill(self, order, *quantities, post=True, date=None, refund=False):
        """A bill of an order, with the quantity of each of its lines."""
        order.action_create_invoice()
        bill = order.invoice_ids.filtered(lambda move: move.state == "draft")[-1:]
        bill.invoice_date = date or fields.Date.today()
        if date:
            bill.date = date
        for line, quantity in zip(bill.invoice_line_ids, quantities, strict=False):
            line.quantity = quantity
        if post:
            bill.action_post()
        return bill

    def policy(self, object_name="commitment", **values):
        """Set the shared policy of an object."""
        policy = self.env.ref(f"construction_sync_base.policy_{object_name}")
        policy.write(values)
        return policy

    # ---------------------------------------------------------------- looks
    def figures(self, job=None, code=None, cost_type=None):
        """The figures of one position; zero for what is not there."""
        job = job or self.job
        key = (job.id, (code or self.code).id, (cost_type or self.material).id)
        found = self.env["construction.job.cost"]._positions(job).get(key, {})
        names = ("budget", "committed", "billed", "open", "actual", "pending", "available")
        return {name: float(found.get(name, 0)) for name in names}

    def assertFigures(self, code=None, cost_type=None, job=None, **expected):
        found = self.figures(job, code, cost_type)
        self.assertEqual({name: found[name] for name in expected}, expected)
