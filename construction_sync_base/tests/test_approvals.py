"""What the asked, the sender and everybody else can do with a document that waits."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, tagged

from .approvals import ApprovalCase


@tagged("post_install", "-at_install")
class TestReturn(ApprovalCase, TransactionCase):
    def given(self):
        super().given()
        self.rule(self.manager)
        self.rule("finance", step=2)
        self.waiting = self.submitted()

    def test_returned_with_a_reason(self):
        order = self.waiting
        with self.assertRaisesRegex(UserError, "Say why"):
            order.with_user(self.manager).action_return(" ")
        with self.assertRaises(UserError):
            order.with_user(self.second).action_return("not mine")
        order.with_user(self.manager).action_return("wrong vendor")
        self.assertEqual((order.state, order.release_state), ("draft", "returned"))
        self.assertEqual(order.release_reason, "wrong vendor")
        self.assertEqual(
            order.approval_ids.sorted("step").mapped("state"), ["decided", "withdrawn"]
        )
        self.assertEqual(order.approval_ids.sorted("step")[0].decision, "rejected")
        self.assertIn("wrong vendor", "".join(order.message_ids.mapped("body")))

    def test_submitted_again_is_a_new_round(self):
        order = self.waiting
        order.with_user(self.manager).action_return("wrong vendor")
        order.button_confirm()
        self.assertEqual(self.questions(order).round, 2)
        self.assertFalse(order.release_reason)
        order.with_user(self.manager).action_release()
        order.with_user(self.finance).action_release()
        self.assertEqual(order.state, "purchase")

    def test_the_sender_takes_it_back_until_then(self):
        order = self.waiting
        with self.assertRaisesRegex(UserError, "submitted by buyer"):
            order.with_user(self.manager).action_take_back()
        self.assertTrue(order.may_take_back)
        order.action_take_back()
        self.assertEqual((order.state, order.release_state), ("draft", False))
        self.assertFalse(self.questions(order))
        order.button_confirm()
        order.with_user(self.manager).action_release()
        order.with_user(self.finance).action_release()
        with self.assertRaisesRegex(UserError, "does not wait"):
            order.action_take_back()

    def test_cancelled_while_waiting(self):
        order = self.waiting
        order.button_cancel()
        self.assertFalse(order.release_state)
        self.assertFalse(self.questions(order))
        order.button_draft()
        order.button_confirm()
        self.assertEqual(order.state, "to approve")

    def test_through_the_dialog(self):
        order = self.waiting.with_user(self.manager)
        action = order.action_return_dialog()
        wizard = (
            self.env["construction.reason"]
            .with_user(self.manager)
            .with_context(**action["context"])
            .create({"reason": "too dear"})
        )
        wizard.action_confirm()
        self.assertEqual(order.release_reason, "too dear")
        foreign = wizard.copy({"res_model": "res.partner", "res_ids": self.vendor.ids})
        with self.assertRaises(UserError):
            foreign.action_confirm()


@tagged("post_install", "-at_install")
class TestMyApprovals(ApprovalCase, TransactionCase):
    def test_the_list_and_its_buttons(self):
        self.rule("project_manager")
        one, two = self.submitted(100), self.submitted(200)
        self.assertEqual(self.mine(self.manager).sorted("amount").mapped("amount"), [100, 200])
        self.assertFalse(self.mine(self.buyer))
        rows = self.mine(self.manager).sorted("amount")
        rows[0].action_approve()
        rows[1].action_reject("not this month")
        self.assertEqual((one.state, two.state), ("purchase", "draft"))
        self.assertFalse(self.mine(self.manager))

    def test_what_is_seen_before_deciding(self):
        """What the decision does, and the papers of the document."""
        self.rule("project_manager")
        one = self.submitted(100)
        paper = self.env["ir.attachment"].create(
            {"name": "quote.pdf", "raw": b"%PDF", "res_model": one._name, "res_id": one.id}
        )
        row = self.mine(self.manager)
        self.assertEqual((row.attachment_ids, row.attachment_count), (paper, 1))
        self.assertTrue(row.effect)
        self.assertEqual(row.effect, one.with_user(self.manager).release_effect)

    def test_decided_is_decided(self):
        self.rule("project_manager")
        order = self.submitted()
        row = order.approval_ids
        row.with_user(self.manager).action_approve()
        with self.assertRaisesRegex(UserError, "was decided by manager"):
            row.with_user(self.second).action_approve()

    def test_a_person_of_another_company_is_not_asked(self):
        second = self.make_company("Approvals Second")
        stranger = self.make_user("matrix-stranger", "project_manager", company=second)
        self.rule("project_manager")
        order = self.submitted()
        self.assertFalse(self.mine(stranger) & order.approval_ids)
        self.assertNotIn(stranger, order.activity_ids.user_id)
        # not even where no record rule stands before it: the right itself is of a company
        row = order.sudo().approval_ids
        self.assertTrue(row._principal(self.manager))
        self.assertFalse(row._principal(stranger))

    def test_who_is_asked_needs_no_purchase_rights(self):
        """A project user approves what he could not order; the rest stays shut."""
        user = self.make_user("asked-user", "project_user")
        self.rule(user)
        order = self.submitted()
        order.with_user(user).action_release()
        self.assertEqual((order.state, order.released_by_id), ("purchase", user))
        with self.assertRaises(AccessError):
            order.with_user(user).write({"note": "x"})

    def test_buyers_of_no_group_of_ours_open_the_form(self):
        """What they may not read is not on their form."""
        self.rule(self.finance)
        user = self.make_user("form-buyer")
        user.group_ids |= self.env.ref("purchase.group_purchase_user")
        order = self.submitted().with_user(user)
        view = order.get_view(view_type="form")
        self.assertNotIn("approval_ids", view["arch"])
        spec = {name: {} for name in ("release_state", "approval_waiting_for", "may_decide")}
        self.assertEqual(order.web_read(spec)[0]["release_state"], "to_release")
