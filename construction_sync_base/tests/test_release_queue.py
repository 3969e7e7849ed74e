"""One list of what stands at the gate, of every kind."""

from lxml import etree
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import TransactionCase, tagged

from .bills import BillCase


@tagged("post_install", "-at_install")
class TestReleaseQueue(BillCase, TransactionCase):
    def given(self):
        super().given()
        self.by_hand()
        self.policy(budget_check="off")
        self.budget(100000)
        self.bought = self.order(self.line(1000), confirm=True)
        self.waiting = self.bill(self.bought, 600, post=False)
        self.waiting.ref = "QUEUE-1"
        self.waiting.with_user(self.releaser).action_post()
        owed = self.asset.copy({"code": self.unique("2097"), "account_type": "liability_current"})
        rows = self.env["construction.account.map"].search([("company_id", "=", self.company.id)])
        rows.accrual_account_id = owed
        self.accrual = self.accrued()
        self.env.flush_all()

    def accrued(self, amount=250):
        """One that waits for its release; the manager submitted it."""
        line = {
            "job_id": self.job.id,
            "cost_code_id": self.code.id,
            "cost_type_id": self.material.id,
            "amount": amount,
        }
        accrual = self.env["construction.accrual"].with_user(self.manager)
        accrual = accrual.create({"kind": "other", "line_ids": [Command.create(line)]})
        accrual.action_submit()
        return accrual

    def rows(self, user=None, **values):
        """As a new request finds them."""
        self.env.flush_all()
        self.env.invalidate_all()
        queue = self.env["construction.release.queue"].with_user(user or self.finance)
        return queue.search([(name, "=", value) for name, value in values.items()])

    def both(self, user=None):
        found = self.rows(user)
        return found.filtered(lambda row: row.name in ("QUEUE-1", self.accrual.number))

    def test_every_kind_with_its_amount(self):
        bill = self.rows(document_type="supplier_invoice")
        self.assertEqual((bill.name, bill.amount, bill.age), ("QUEUE-1", 600, 0))
        self.assertEqual((bill.job_id, bill.partner_id), (self.job, self.vendor))
        self.assertEqual((bill.state, bill.requested_by_id), ("release", self.releaser))
        self.assertEqual(bill.effect, self.waiting.with_user(self.finance).release_effect)
        self.assertIn("600", bill.effect)
        accrual = self.rows(document_type="accrual", name=self.accrual.number)
        self.assertEqual((accrual.amount, accrual.requested_by_id), (250, self.manager))
        kinds = dict(self.env["construction.release.mixin"]._document_types())
        self.assertEqual(
            set(kinds), {model._release_type for model in self.accrual._gated_models()}
        )
        self.assertLessEqual(len(kinds), 64)

    def test_released_together(self):
        self.both().action_release()
        self.assertEqual((self.waiting.state, self.accrual.state), ("posted", "posted"))
        self.assertFalse(self.both())

    def test_from_its_form_back_to_the_list(self):
        """The row is no more then: the form would look for it in vain."""
        row = self.both()[0].with_context(construction_queue_form=True)
        self.assertEqual(row.action_release()["target"], "main")

    def test_all_or_none(self):
        """One that the user submitted himself keeps the others."""
        both = self.both(self.releaser)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            both.action_release()
        self.env.invalidate_all()
        self.assertEqual((self.waiting.state, self.accrual.state), ("draft", "draft"))

    def test_returned_with_a_reason(self):
        row = self.rows(document_type="supplier_invoice")
        dialog = row.action_return_dialog()
        self.env["construction.reason"].with_user(self.finance).with_context(
            **dialog["context"]
        ).create({"reason": "The delivery note is missing"}).action_confirm()
        self.assertEqual(self.waiting.release_state, "returned")
        row = self.rows(document_type="supplier_invoice")
        self.assertEqual((row.state, row.reason), ("returned", "The delivery note is missing"))

    def test_what_waits_for_the_matrix(self):
        self.env["construction.approval.rule"].create(
            {"name": "Head", "document_type": "accrual", "user_id": self.releaser.id}
        )
        row = self.rows(name=self.accrued(70).number)
        self.assertEqual(row.state, "approval")
        self.assertIn("Head", row.waiting_for)

    def test_who_reads_it(self):
        stranger = self.make_user("queue-stranger", "finance", company=self.make_company("Else"))
        self.assertFalse(self.both(stranger))
        with self.assertRaises(AccessError):
            self.both(self.make_user("queue-user", "project_user"))

    def test_the_list_is_one_query(self):
        queue = self.env["construction.release.queue"].with_user(self.finance)
        queue.search_read([], ["name"])
        self.env.invalidate_all()
        with self.assertQueryCount(1):
            queue.search_fetch([], ["name", "amount", "state", "due_on"])

    def test_buttons_of_who_may_press_them(self):
        """An auditor reads the queue and corrections; what he may not press, he does not see."""
        auditor = self.make_user("queue-auditor", "auditor")
        for model, kind, buttons in (
            ("construction.release.queue", "list", {"action_release", "action_return_dialog"}),
            ("construction.correction", "form", {"action_submit", "action_drop"}),
        ):
            for user, expected in (
                (self.finance, buttons), (self.manager, buttons), (auditor, set()),
            ):  # fmt: skip
                arch = self.env[model].with_user(user).get_view(view_type=kind)["arch"]
                found = set(etree.fromstring(arch).xpath("//header/button/@name"))
                self.assertEqual(found & buttons, expected, f"{model} {user.login}")
