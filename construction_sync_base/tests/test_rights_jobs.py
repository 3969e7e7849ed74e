"""What Project Users see: the documents of their jobs."""

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import TransactionCase, tagged

from .domain import DomainCase


@tagged("post_install", "-at_install")
class TestOwnJobs(DomainCase, TransactionCase):
    def given(self):
        super().given()
        self.user = self.make_user("own-user", "project_user")
        self.private = self.make_job("26-930", privacy_visibility="followers")
        self.open_job = self.make_job("26-931", privacy_visibility="employees")
        self.documents = {}
        for job in (self.private, self.open_job):
            order = self.order(project_id=job.id)
            self.documents[job] = {
                "purchase.order": order,
                "purchase.order.line": order.order_line,
                "construction.budget": self.budget(job=job),
            }
            self.documents[job]["construction.budget.line"] = job.budget_ids.line_ids
        plain = self.order(project_id=False)
        self.documents[None] = {"purchase.order": plain, "purchase.order.line": plain.order_line}

    def seen(self, model, user=None):
        return self.env[model].with_user(user or self.user).search([]).ids

    def test_project_users_read_the_documents_of_their_jobs(self):
        for model, record in self.documents[self.open_job].items():
            self.assertIn(record.id, self.seen(model), model)
        for job in (self.private, None):
            for model, record in self.documents[job].items():
                self.assertNotIn(record.id, self.seen(model), model)
                with self.assertRaises(AccessError, msg=model):
                    record.with_user(self.user).read(["display_name"])
        cost = self.env["construction.job.cost"].with_user(self.user).search([])
        self.assertIn(self.open_job, cost.job_id)
        self.assertNotIn(self.private, cost.sudo().job_id)
        self.private.message_subscribe(self.user.partner_id.ids)
        for model, record in self.documents[self.private].items():
            self.assertIn(record.id, self.seen(model), model)

    def test_they_change_nothing(self):
        order = self.documents[self.open_job]["purchase.order"].with_user(self.user)
        for act in (
            lambda: order.write({"note": "x"}),
            lambda: order.order_line.write({"name": "x"}),
            lambda: order.button_confirm(),
            lambda: order.copy(),
            lambda: self.env["purchase.order"].with_user(self.user).create({}),
            lambda: order.sudo(False).unlink(),
        ):
            with self.assertRaises(AccessError), self.cr.savepoint():
                act()

    def test_figures_of_the_card_without_access_to_bills(self):
        job = self.open_job
        self.budget(job=job)
        order = self.order(project_id=job.id, confirm=True)
        self.bill(order, 250)
        card = order.with_user(self.user)
        self.env.invalidate_all()
        self.assertEqual((card.billed_amount, card.open_amount), (250, 750))
        self.assertEqual(job.with_user(self.user).job_open_amount, 750)

    def test_buyers_finance_and_auditors_still_see_all(self):
        for group in ("project_manager", "finance", "auditor", "integration_manager"):
            user = self.make_user(f"sees-{group}", group)
            for job in (self.private, None):
                for model, record in self.documents[job].items():
                    self.assertIn(record.id, self.seen(model, user), f"{group} {model}")

    def test_a_bookkeeper_who_is_a_project_user_too_still_sees_all(self):
        for native in ("account.group_account_invoice", "stock.group_stock_user"):
            user = self.make_user(f"both-{native}", "project_user")
            user.group_ids |= self.env.ref(native)
            record = self.documents[None]["purchase.order"]
            self.assertIn(record.id, self.seen("purchase.order", user), native)

    def test_buyers_need_not_see_the_job(self):
        """A purchase user without any project right confirms, bills and cancels."""
        self.budget(job=self.private)
        user = self.env["res.users"].create(
            {
                "name": "Buyer",
                "login": "own-buyer",
                "group_ids": [
                    Command.set(
                        [
                            self.env.ref("purchase.group_purchase_user").id,
                            self.env.ref("account.group_account_invoice").id,
                        ]
                    )
                ],
            }
        )
        order = self.order(project_id=self.private.id, user=user)
        order.button_confirm()
        self.assertEqual(order.state, "purchase")
        order.action_create_invoice()
        bill = order.invoice_ids
        bill.invoice_date = "2026-03-31"
        bill.with_user(user).action_post()
        self.assertEqual(bill.state, "posted")
