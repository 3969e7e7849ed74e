"""The approval matrix: who is asked, in which order, who answers for whom, and when it
goes to somebody else."""

from datetime import timedelta

import psycopg2
from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from .approvals import ApprovalCase


@tagged("post_install", "-at_install")
class TestMatrix(ApprovalCase, TransactionCase):
    def test_without_rules_nobody_is_asked(self):
        order = self.submitted()
        self.assertEqual((order.state, order.release_state), ("purchase", "released"))
        self.assertTrue(order.release_automatic)
        self.assertFalse(order.approval_ids)

    def test_by_amount(self):
        """The lower end belongs to the range, the limit to the next one."""
        self.rule(self.manager, 1000, 5000)
        self.rule(self.finance, 5000)
        for amount, asked in (
            (999.99, None),
            (1000, self.manager),
            (4999.99, self.manager),
            (5000, self.finance),
        ):
            order = self.submitted(amount)
            self.assertEqual(self.questions(order).user_id, asked or order.env["res.users"], amount)
            self.assertEqual(order.state, "to approve" if asked else "purchase", amount)

    def test_amount_of_another_currency_counts_in_the_companys(self):
        self.rule(self.finance, 1000)
        currency = self.env["res.currency"].with_context(active_test=False).search(
            [("id", "!=", self.company.currency_id.id)], limit=1
        )  # fmt: skip
        currency.active = True
        self.env["res.currency.rate"].create(
            {"currency_id": currency.id, "name": "2020-01-01", "rate": 4.0}
        )
        self.assertEqual(self.submitted(3999, currency_id=currency.id).state, "purchase")
        self.assertEqual(self.submitted(4000, currency_id=currency.id).state, "to approve")

    def test_who_has_to_act_is_said(self):
        self.rule("finance")
        order = self.submitted()
        self.assertEqual(order.approval_waiting_for, "Finance")
        self.assertFalse(order.may_decide)
        self.assertTrue(order.with_user(self.finance).may_decide)
        with self.assertRaisesRegex(UserError, "waits for Finance"):
            order.with_user(self.manager).action_release()
        order.with_user(self.finance).action_release()
        self.assertEqual((order.state, order.release_state), ("purchase", "released"))
        self.assertEqual(order.released_by_id, self.finance)
        row = order.approval_ids
        self.assertEqual(
            (row.decision, row.person, row.source, row.step), ("approved", "finance-one", "odoo", 1)
        )
        self.assertTrue(row.at)

    def test_rules_of_the_job_replace_the_general_ones(self):
        self.rule(self.finance)
        self.rule(self.manager, job_id=self.job.id)
        self.assertEqual(self.questions(self.submitted()).user_id, self.manager)
        other = self.make_job("26-101")
        self.assertEqual(self.questions(self.submitted(project_id=other.id)).user_id, self.finance)

    def test_rules_of_another_company_ask_nobody(self):
        second = self.make_company("Matrix Second")
        self.finance.company_ids |= second
        self.rule(self.finance, company_id=second.id)
        self.assertEqual(self.submitted().state, "purchase")

    def test_steps_one_after_the_other(self):
        self.rule(self.manager, step=1)
        self.rule("finance", step=2)
        order = self.submitted()
        self.assertEqual(self.questions(order).user_id, self.manager)
        self.assertFalse(self.mine(self.finance) & order.approval_ids)
        with self.assertRaisesRegex(UserError, "waits for Role of manager"):
            order.with_user(self.finance).action_release()
        order.with_user(self.manager).button_approve()
        self.assertEqual(order.state, "to approve", "the second step is still open")
        self.assertEqual(order.approval_waiting_for, "Finance")
        order.with_user(self.finance).button_approve()
        self.assertEqual(order.state, "purchase")
        self.assertEqual(order.approval_ids.sorted("step").mapped("person"),
                         ["manager", "finance-one"])  # fmt: skip

    def test_rules_of_one_step_are_all_asked_at_once(self):
        self.rule(self.manager)
        self.rule(self.finance)
        order = self.submitted()
        self.assertEqual(self.questions(order).user_id, self.manager | self.finance)
        order.with_user(self.finance).action_release()
        self.assertEqual(order.state, "to approve")
        order.with_user(self.manager).action_release()
        self.assertEqual(order.state, "purchase")

    def test_two_steps_are_two_people(self):
        both = self.make_user("both", "project_manager", "finance")
        self.rule("project_manager", step=1)
        self.rule("finance", step=2)
        order = self.submitted()
        order.with_user(both).action_release()
        with self.assertRaisesRegex(UserError, "the next step is another person's"):
            order.with_user(both).action_release()
        order.with_user(self.finance).action_release()
        self.assertEqual(order.state, "purchase")

    def test_nobody_approves_what_he_submitted(self):
        self.rule("project_manager")
        order = self.submitted(user=self.manager)
        self.assertEqual(order.state, "to approve")
        self.assertFalse(self.mine(self.manager) & order.approval_ids)
        for act in (order.button_approve, order.action_release, order.approval_ids.action_approve):
            with self.assertRaisesRegex(UserError, "submitted .* and cannot approve"):
                act()
        order.with_user(self.second).action_release()
        self.assertEqual(order.state, "purchase")

    def test_a_native_approver_does_not_get_around_it(self):
        self.rule(self.finance)
        boss = self.make_user("boss", "project_manager")
        boss.group_ids |= self.env.ref("purchase.group_purchase_manager")
        order = self.submitted(user=boss)
        self.assertEqual(order.state, "to approve")
        with self.assertRaises(UserError):
            order.button_approve(force=True)
        with self.assertRaises(UserError):
            order.write({"state": "purchase"})

    def test_what_the_gate_keeps_is_not_typed(self):
        self.rule(self.finance)
        order = self.submitted()
        for values in (
            {"release_state": "released"},
            {"release_requested_by_id": self.finance.id},
            {"release_policy_version": 3},
        ):
            with self.assertRaisesRegex(UserError, "kept by the release gate"):
                order.write(values)
        with self.assertRaisesRegex(UserError, "kept by the release gate"):
            order.copy({"release_state": "released"})
        self.assertFalse(order.copy().release_state)

    def test_rules_name_one_approver_and_a_range(self):
        for values, error in (
            ({"user_id": self.finance.id}, psycopg2.IntegrityError),
            ({"amount_limit": 5, "amount_from": 10}, psycopg2.IntegrityError),
            ({"escalate_hours": 4}, psycopg2.IntegrityError),
            ({"step": 0}, psycopg2.IntegrityError),
            ({"escalate_user_id": self.env.ref("base.public_user").id}, ValidationError),
        ):
            rule = self.rule("finance")
            with mute_logger("odoo.sql_db"), self.assertRaises(error, msg=values):
                rule.write(values)
                self.env.flush_all()
        for group in ("integration_manager", "auditor", "service"):
            with self.assertRaisesRegex(ValidationError, "approves no documents"):
                self.rule(group)


@tagged("post_install", "-at_install")
class TestReturn(ApprovalCase, TransactionCase):
    def setUp(self):
        super().setUp()
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
    def setUp(self):
        super().setUp()
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
