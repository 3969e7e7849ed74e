"""The release gate of commitments and budgets, and the policies that may open it."""

import psycopg2
from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import TransactionCase, freeze_time, tagged
from odoo.tools import mute_logger

from .approvals import ApprovalCase


@tagged("post_install", "-at_install")
class TestReleaseByHand(ApprovalCase, TransactionCase):
    def test_a_policy_that_releases_nothing(self):
        policy = self.release_policy(automatic=False)
        order = self.submitted()
        self.assertEqual((order.state, order.release_state), ("to approve", "to_release"))
        self.assertFigures(pending=1000, committed=0)
        for user in (self.buyer, self.make_user("plain-user", "project_user")):
            with self.assertRaises(UserError):
                order.with_user(user).action_release()
        order.with_user(self.manager).action_release()
        self.assertEqual(order.state, "purchase")
        self.assertEqual((order.released_by_id, order.release_automatic), (self.manager, False))
        self.assertEqual((order.release_policy_id, order.release_policy_version), (policy, 1))

    def test_not_by_who_submitted(self):
        self.release_policy(automatic=False)
        order = self.submitted(user=self.manager)
        with self.assertRaisesRegex(UserError, "manager submitted"):
            order.action_release()
        order.with_user(self.second).action_release()
        self.assertEqual(order.state, "purchase")

    def test_inside_its_limit(self):
        policy = self.release_policy(limit=1000)
        inside, above = self.submitted(1000), self.submitted(1000.01)
        self.assertEqual((inside.state, above.state), ("purchase", "to approve"))
        self.assertEqual((inside.release_policy_id, inside.release_automatic), (policy, True))

    def test_after_the_approvals(self):
        self.rule(self.second)
        self.release_policy(automatic=False)
        order = self.submitted()
        order.with_user(self.second).action_release()
        self.assertEqual(order.state, "to approve")
        self.assertIn("release by Finance", order.approval_waiting_for)
        order.with_user(self.finance).action_return("next month")
        self.assertEqual((order.state, order.release_reason), ("draft", "next month"))

    def test_the_effect_is_shown_before(self):
        self.budget(5000)
        self.release_policy(automatic=False)
        order = self.submitted()
        self.assertRegex(order.release_effect, r"03-300.*1,000\.00.*5,000\.00.*4,000\.00")
        order.with_user(self.manager).action_release()
        self.assertFalse(order.release_effect)

    def test_a_bill_waits_too(self):
        self.release_policy(automatic=False)
        with self.assertRaisesRegex(UserError, "not approved"):
            self.submitted().action_create_invoice()


@tagged("post_install", "-at_install")
class TestPolicies(ApprovalCase, TransactionCase):
    def draft(self, user=None, **values):
        return (
            self.env["construction.release.policy"]
            .with_user(user or self.finance)
            .create({"document_type": "commitment", "automatic": False, **values})
        )

    def test_two_people_of_finance(self):
        policy = self.draft()
        policy.action_propose()
        with self.assertRaisesRegex(UserError, "another person of Finance"):
            policy.action_approve()
        self.assertEqual(self.submitted().state, "purchase", "a proposal holds nothing")
        policy.with_user(self.controller).action_approve()
        self.assertEqual(
            (policy.proposed_by_id, policy.approved_by_id), (self.finance, self.controller)
        )
        self.assertEqual(self.submitted().state, "to approve")

    def test_integration_managers_cannot(self):
        clerk = self.make_user("release-clerk", "integration_manager")
        with self.assertRaises(AccessError):
            self.draft(clerk)
        policy = self.draft()
        policy.action_propose()
        double = self.make_user("release-double", "integration_manager", "finance")
        for user in (clerk, double, self.manager):
            with self.assertRaises(AccessError):
                policy.with_user(user).action_approve()
        with self.assertRaises(AccessError):
            self.draft(double).action_propose()

    def test_nobody_writes_around_it(self):
        policy = self.draft()
        for values in (
            {"state": "approved"},
            {"approved_by_id": self.controller.id},
            {"proposed_by_id": self.controller.id},
            {"version": 9},
        ):
            with self.assertRaises(UserError):
                policy.write(values)
        with self.assertRaises(UserError):
            self.draft(state="approved")
        policy.action_propose()
        with self.assertRaises(UserError):
            policy.write({"automatic": True})
        with self.assertRaises(UserError):
            policy.unlink()
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.IntegrityError):
            self.env.cr.execute(
                "UPDATE construction_release_policy SET state = 'approved', approved_at = now(),"
                " approved_by_id = proposed_by_id WHERE id = %s",
                (policy.id,),
            )

    def test_it_holds_from_its_date(self):
        tomorrow = fields.Date.add(fields.Date.today(), days=1)
        self.release_policy(automatic=False, effective_from=tomorrow)
        self.assertEqual(self.submitted().state, "purchase")
        with freeze_time(tomorrow):
            self.assertEqual(self.submitted().state, "to approve")

    def test_not_from_a_day_in_the_past(self):
        policy = self.draft(effective_from="2020-01-01")
        policy.action_propose()
        with self.assertRaisesRegex(UserError, "in the past"):
            policy.with_user(self.controller).action_approve()

    def test_a_new_version_takes_over(self):
        old = self.release_policy(automatic=False)
        new = self.env["construction.release.policy"].browse(
            old.with_user(self.finance).action_new_version()["res_id"]
        )
        self.assertEqual((new.version, new.state), (2, "draft"))
        new.with_user(self.finance).write({"automatic": True})
        new.with_user(self.finance).action_propose()
        new.with_user(self.controller).action_approve()
        order = self.submitted()
        self.assertEqual((order.state, order.release_policy_version), ("purchase", 2))

    def test_of_its_company_only(self):
        second = self.make_company("Policy Second")
        (self.finance | self.controller).company_ids |= second
        self.release_policy(automatic=False, company_id=second.id)
        self.assertEqual(self.submitted().state, "purchase")


@tagged("post_install", "-at_install")
class TestBudgets(ApprovalCase, TransactionCase):
    def draft(self, amount=5000, user=None):
        return (
            self.env["construction.budget"]
            .with_user(user or self.manager)
            .create(
                {
                    "job_id": self.job.id,
                    "version": self.unique("r"),
                    "line_ids": [
                        Command.create(
                            {
                                "cost_code_id": self.code.id,
                                "cost_type_id": self.material.id,
                                "amount": amount,
                            }
                        )
                    ],
                }
            )
        )

    def test_without_rules_it_is_approved_at_once(self):
        budget = self.draft()
        budget.action_approve()
        self.assertEqual((budget.state, budget.release_state), ("approved", "released"))
        self.assertEqual(budget.released_by_id, self.manager)

    def test_by_the_matrix(self):
        self.rule("finance", 1000, kind="budget")
        budget = self.draft()
        budget.action_approve()
        self.assertEqual((budget.state, budget.release_state), ("draft", "to_release"))
        for act in (
            lambda: budget.write({"version": "x"}),
            lambda: budget.line_ids.write({"amount": 1}),
            lambda: budget.line_ids.unlink(),
            budget.unlink,
            budget.action_approve,
        ):
            with self.assertRaises(UserError), self.cr.savepoint():
                act()
        budget.with_user(self.finance).action_release()
        self.assertEqual((budget.state, budget.released_by_id), ("approved", self.finance))

    def test_returned_and_mended(self):
        self.rule(self.finance, kind="budget")
        budget = self.draft()
        budget.action_approve()
        budget.with_user(self.finance).action_return("too high")
        self.assertEqual((budget.state, budget.release_state), ("draft", "returned"))
        budget.line_ids.amount = 4000
        budget.action_approve()
        budget.with_user(self.finance).action_approve()
        self.assertEqual((budget.state, budget.amount_total), ("approved", 4000))

    def test_taken_back(self):
        self.rule(self.finance, kind="budget")
        budget = self.draft()
        budget.action_approve()
        budget.action_take_back()
        budget.unlink()

    def test_the_effect(self):
        self.budget(5000)
        budget = self.draft(6000)
        self.assertRegex(budget.release_effect, r"5,000\.00 → .*6,000\.00.*1,000\.00")

    def test_an_event_waits_for_the_matrix(self):
        self.setup_job(budget=None)
        self.rule(self.finance, kind="budget")
        data = self.budget_data("B1", "J1", created_by={"name": "Pat"})
        event = self.event("budget.approved", data=data, sequence=1)
        self.process(event)
        first = self.bound("budget", "B1")
        self.assertEqual((first.state, first.release_state), ("draft", "to_release"))
        issue = self.issues(event["id"])
        self.assertEqual((issue.category, issue.blocking), ("approval", False))
        self.assertIn("Role of finance-one", issue.message)
        data = self.budget_data("B2", "J1", [self.budget_line("7000.00")], version="2")
        self.process(self.event("budget.approved", data=data, sequence=2))
        second = self.bound("budget", "B2")
        self.assertEqual((first.release_state, second.release_state), ("returned", "to_release"))
        second.with_user(self.finance).action_release()
        self.assertEqual(self.bound("job", "J1").budget_id, second)

    def test_where_it_came_from_is_not_typed(self):
        with self.assertRaises(UserError):
            self.draft().write({"from_platform": True})


@tagged("post_install", "-at_install")
class TestPlatformPeople(ApprovalCase, TransactionCase):
    """Submitter and approver are different people, also when one of them is there."""

    def given(self):
        super().given()
        self.setup_job()
        self.finance.email = "fin@example.com"
        self.manager.email = "man@example.com"

    def arrive(self, sequence=1, amount="1000.00", **over):
        data = self.commitment_data(lines=[self.commitment_line(amount=amount)], **over)
        event = self.event("commitment.approved", data=data, sequence=sequence)
        self.process(event)
        return self.bound("commitment", "C1")

    def test_what_was_decided_there_is_noted(self):
        order = self.arrive(
            created_by={"external_id": "7", "name": "Sam"},
            approved_by={"external_id": "8", "name": "Kim", "email": "fin@example.com"},
        )
        self.assertEqual(order.state, "purchase")
        rows = order.approval_ids.sorted("step")
        self.assertEqual(rows.mapped("source"), ["platform"] * 2)
        self.assertEqual(rows.mapped("person"), ["Sam", "Kim"])
        self.assertEqual(rows.mapped("decision"), ["submitted", "approved"])
        self.assertEqual(fields.Datetime.to_string(rows[1].at), "2026-03-02 17:00:00")
        self.assertEqual(rows[1].decided_by_id, self.finance, "mapped by the e-mail address")
        self.assertFalse(rows[0].decided_by_id)

    def test_a_replay_notes_nothing_twice(self):
        order = self.arrive(created_by={"name": "Sam"})
        count = len(order.approval_ids)
        event = order.approval_ids.event_id
        event.write({"state": "pending"})
        self.drain()
        order.invalidate_recordset()
        self.assertEqual(len(order.approval_ids), count)

    def test_the_approval_there_counts_for_the_same_person_here(self):
        self.rule(self.finance)
        order = self.arrive(approved_by={"name": "Kim", "email": "fin@example.com"})
        self.assertEqual(order.state, "purchase")
        asked = order.approval_ids.filtered("rule_id")
        self.assertEqual((asked.source, asked.decided_by_id), ("platform", self.finance))

    def test_that_of_a_stranger_does_not(self):
        self.rule(self.finance)
        order = self.arrive(approved_by={"name": "Kim", "email": "else@example.com"})
        self.assertEqual(order.state, "to approve")
        order.with_user(self.finance).action_release()
        self.assertEqual(order.state, "purchase")

    def test_nobody_approves_here_what_he_submitted_there(self):
        self.rule("finance")
        order = self.arrive(created_by={"external_id": "8", "name": "Kim"})
        person = self.env["construction.person"].search([("external_id", "=", "8")])
        self.assertTrue(order.with_user(self.finance).may_decide)
        person.user_id = self.finance
        self.env.invalidate_all()
        self.assertFalse(order.with_user(self.finance).may_decide)
        with self.assertRaisesRegex(UserError, "at the platform, as Kim"):
            order.with_user(self.finance).action_release()
        order.with_user(self.controller).action_release()
        self.assertEqual(order.state, "purchase")

    def test_nor_releases_it(self):
        self.release_policy(automatic=False)
        order = self.arrive(created_by={"name": "Max", "email": "man@example.com"})
        self.assertEqual(order.state, "to approve")
        with self.assertRaisesRegex(UserError, "at the platform, as Max"):
            order.with_user(self.manager).action_release()
        with self.assertRaises(UserError):
            order.with_user(self.manager).button_approve()
        order.with_user(self.second).action_release()
        self.assertEqual(order.state, "purchase")

    def test_nor_gives_the_second_native_approval(self):
        self.company.write({"po_double_validation": "two_step", "po_double_validation_amount": 500})
        for user in (self.manager, self.second):
            user.group_ids |= self.env.ref("purchase.group_purchase_manager")
        order = self.arrive(created_by={"name": "Max", "email": "man@example.com"})
        self.assertEqual(order.state, "to approve")
        with self.assertRaisesRegex(UserError, "at the platform, as Max"):
            order.with_user(self.manager).button_approve()
        order.with_user(self.second).button_approve()
        self.assertEqual((order.state, order.released_by_id), ("purchase", self.second))

    def test_who_approved_his_own_there_has_approved_nothing(self):
        self.rule(self.finance)
        self.policy(accept_platform_approval=True)
        self.assertEqual(self.arrive().state, "purchase", "the policy accepts the platform's")
        same = {"name": "Kim", "email": "fin@example.com"}
        data = self.commitment_data("C2", created_by=same, approved_by=same)
        self.process(self.event("commitment.approved", data=data, sequence=1))
        order = self.bound("commitment", "C2")
        self.assertEqual(order.state, "to approve")
        with self.assertRaises(UserError):
            order.with_user(self.finance).action_release()

    def test_a_dearer_version_is_asked_again(self):
        self.rule(self.finance, 5000)
        order = self.arrive()
        self.assertEqual(order.state, "purchase")
        self.arrive(2, "6000.00")
        self.assertEqual((order.state, order.release_state), ("to approve", "to_release"))
        order.with_user(self.finance).action_return("no budget")
        self.assertEqual((order.state, order.release_state), ("to approve", "returned"))
        with self.assertRaises(UserError):
            order.with_user(self.finance).button_approve()
        self.arrive(3, "5500.00")
        self.assertEqual(order.release_state, "to_release")
        order.with_user(self.finance).action_release()
        self.assertEqual((order.state, order.amount_total), ("purchase", 5500))

    def test_submitted_again_by_a_person(self):
        self.rule("finance")
        order = self.arrive()
        order.with_user(self.finance).action_return("who is that vendor?")
        with self.assertRaises(UserError):
            order.with_user(self.buyer).action_submit_again()
        order.with_user(self.finance).action_submit_again()
        with self.assertRaisesRegex(UserError, "finance-one submitted"):
            order.with_user(self.finance).action_release()
        order.with_user(self.controller).action_release()
        self.assertEqual(order.state, "purchase")

    def test_rules_for_what_is_typed_here(self):
        self.rule(self.finance, source="odoo")
        self.assertEqual(self.arrive().state, "purchase")
        self.assertEqual(self.submitted().state, "to approve")

    def test_one_person_two_addresses_is_nobody(self):
        """An address that two users share maps nobody."""
        self.second.email = "fin@example.com"
        order = self.arrive(approved_by={"name": "Kim", "email": "fin@example.com"})
        self.assertFalse(order.approval_ids.person_id.user_id)
