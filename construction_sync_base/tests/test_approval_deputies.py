"""Who answers for whom, and when a question goes to somebody else."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged

from .approvals import ApprovalCase


@tagged("post_install", "-at_install")
class TestDeputies(ApprovalCase, TransactionCase):
    def test_a_deputy_approves_in_the_place_of(self):
        self.rule(self.finance)
        self.deputy(self.finance, self.second)
        order = self.submitted()
        self.assertIn(order.approval_ids, self.mine(self.second))
        self.assertIn(order.approval_ids, self.mine(self.finance))
        order.with_user(self.second).action_release()
        self.assertEqual(order.state, "purchase")
        row = order.approval_ids
        self.assertEqual((row.decided_by_id, row.on_behalf_of_id), (self.second, self.finance))

    def test_from_its_first_to_its_last_day(self):
        self.rule(self.finance)
        for first, last, allowed in ((1, 5, False), (-5, -1, False), (-1, 0, True), (0, 1, True)):
            with self.cr.savepoint() as savepoint:
                self.deputy(self.finance, self.second, first, last)
                order = self.submitted()
                self.assertEqual(order.with_user(self.second).may_decide, allowed, (first, last))
                savepoint.rollback()
            self.env.invalidate_all()

    def test_of_a_group_member(self):
        self.rule("finance")
        self.deputy(self.finance, self.second)
        order = self.submitted()
        order.with_user(self.second).action_release()
        self.assertEqual(order.approval_ids.on_behalf_of_id, self.finance)

    def test_not_for_who_submitted(self):
        """Neither the submitter as deputy, nor a deputy of the submitter."""
        self.rule(self.finance)
        self.deputy(self.finance, self.buyer)
        order = self.submitted()
        with self.assertRaisesRegex(UserError, "buyer submitted"):
            order.action_release()
        self.finance.group_ids |= self.env.ref("purchase.group_purchase_user")
        self.deputy(self.finance, self.second)
        own = self.submitted(user=self.finance)
        with self.assertRaisesRegex(UserError, "finance-one submitted"):
            own.with_user(self.second).action_release()

    def test_nobody_takes_the_authority_of_another(self):
        Delegation = self.env["construction.approval.delegation"]
        values = {"date_to": fields.Date.today(), "user_id": self.manager.id}
        with self.assertRaisesRegex(UserError, "for yourself"):
            Delegation.with_user(self.buyer).create(values | {"deputy_id": self.buyer.id})
        with self.assertRaisesRegex(UserError, "yourself the deputy"):
            Delegation.with_user(self.finance).create(values | {"deputy_id": self.finance.id})
        row = Delegation.with_user(self.finance).create(values | {"deputy_id": self.second.id})
        with self.assertRaises(UserError):
            row.write({"deputy_id": self.finance.id})
        with self.assertRaises(UserError):
            row.with_user(self.buyer).unlink()
        own = Delegation.with_user(self.buyer).create(
            {"date_to": fields.Date.today(), "deputy_id": self.second.id}
        )
        with self.assertRaises(UserError):
            own.write({"user_id": self.manager.id, "deputy_id": self.buyer.id})

    def test_the_deputy_is_told(self):
        self.rule(self.finance)
        self.deputy(self.finance, self.second)
        order = self.submitted()
        self.assertEqual(order.activity_ids.user_id, self.finance | self.second)
        order.with_user(self.second).action_release()
        self.assertFalse(order.activity_ids)


@tagged("post_install", "-at_install")
class TestEscalation(ApprovalCase, TransactionCase):
    def given(self):
        super().given()
        self.rule(self.manager, escalate_hours=24, escalate_user_id=self.finance.id)

    def later(self, order, hours):
        row = order.sudo().approval_ids
        row.due_at = row.due_at - timedelta(hours=hours)
        self.env["construction.approval"]._escalate_due()
        self.env.invalidate_all()

    def test_after_its_hours(self):
        order = self.submitted()
        row = order.approval_ids
        self.assertEqual(row.due_at - row.asked_at, timedelta(hours=24))
        self.later(order, 23)
        self.assertFalse(row.escalated_at)
        with self.assertRaises(UserError):
            order.with_user(self.finance).action_release()
        self.later(order, 2)
        self.assertTrue(row.escalated_at)
        self.assertIn("escalated to finance-one", order.approval_waiting_for)
        self.assertIn(row, self.mine(self.finance))
        self.assertIn(self.finance, order.activity_ids.user_id)
        order.with_user(self.finance).action_release()
        self.assertEqual(order.state, "purchase")

    def test_only_once(self):
        order = self.submitted()
        self.later(order, 30)
        messages = len(order.message_ids)
        self.later(order, 30)
        self.assertEqual(len(order.message_ids), messages)

    def test_the_asked_person_may_still_answer(self):
        order = self.submitted()
        self.later(order, 30)
        order.with_user(self.manager).action_release()
        self.assertEqual(order.state, "purchase")

    def test_at_once_when_nobody_is_there(self):
        self.deputy(self.manager)
        order = self.submitted()
        self.assertTrue(order.approval_ids.escalated_at)
        order.with_user(self.finance).action_release()
        self.assertEqual(order.state, "purchase")

    def test_at_once_when_the_asked_person_submitted_it(self):
        order = self.submitted(user=self.manager)
        self.assertTrue(order.approval_ids.escalated_at)

    def test_not_when_a_deputy_is_there(self):
        self.deputy(self.manager, self.second, away=True)
        order = self.submitted()
        self.assertFalse(order.approval_ids.escalated_at)
        order.with_user(self.second).action_release()
        self.assertEqual(order.state, "purchase")
