"""The approval matrix: who is asked, and in which order."""

import psycopg2
from odoo.exceptions import UserError, ValidationError
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
        currency = self.foreign(**{"2020-01-01": 4.0})
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
