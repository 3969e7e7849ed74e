"""Who decides about change orders, and what they see before."""

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import TransactionCase, tagged

from .change_orders import ChangeOrderCase


@tagged("post_install", "-at_install")
class TestGate(ChangeOrderCase, TransactionCase):
    def test_not_by_who_submitted(self):
        change = self.change_order()
        change.action_submit()
        self.assertEqual(change.release_state, "to_release")
        with self.assertRaisesRegex(UserError, "manager submitted"):
            change.action_release()
        with self.assertRaisesRegex(UserError, "manager submitted"):
            change.action_reject("no")
        self.assertFalse(change.may_decide)
        self.assertTrue(change.with_user(self.second).may_decide)

    def test_by_the_matrix(self):
        """The larger of cost and revenue decides, either way."""
        self.rule(self.controller, low=1200, kind="change_order")
        small = self.change_order(self.change_line(1000.0, 1100.0))
        small.action_submit()
        large = self.change_order(self.change_line(-1000.0, -1300.0))
        large.action_submit()
        self.assertFalse(small.approval_ids)
        self.assertIn("finance-two", large.approval_waiting_for)
        with self.assertRaises(UserError):
            large.with_user(self.second).action_release()
        large.with_user(self.controller).action_release()
        self.assertEqual(large.release_state, "to_release", "the release comes after the approval")
        large.with_user(self.second).action_release()
        self.assertEqual(large.state, "approved")
        self.assertEqual(large.release_state, "released")

    def test_a_policy_releases_small_ones(self):
        self.release_policy("change_order", limit=2000)
        change = self.change_order()
        change.action_submit()
        self.assertEqual((change.state, change.release_automatic), ("approved", True))

    def test_what_is_decided_about_stays(self):
        change = self.change_order()
        change.action_submit()
        for write in (
            lambda: change.line_ids.write({"cost_amount": 1}),
            lambda: change.write({"line_ids": [Command.clear()]}),
            lambda: change.line_ids.unlink(),
            lambda: change.write({"line_ids": [Command.create(self.change_line())]}),
            lambda: self.env["construction.change.order.line"].create(
                self.change_line() | {"change_id": change.id}
            ),
            lambda: change.line_ids.write({"markup_ids": [Command.create({"kind": "x"})]}),
            lambda: change.write({"job_id": self.make_job("26-201").id}),
        ):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                write()
        change.action_take_back()
        self.assertEqual(self.standing(change), ("potential", *["unpriced"] * 3))
        change.line_ids.cost_amount = 1

    def test_returned_with_a_reason(self):
        change = self.change_order()
        change.action_submit()
        change.with_user(self.second).action_return("Split it")
        self.assertEqual((change.state, change.release_reason), ("potential", "Split it"))

    def test_nobody_writes_around_the_buttons(self):
        change = self.change_order()
        for values in (
            {"state": "approved"},
            {"cost_status": "executed"},
            {"budget_status": "executed"},
            {"revenue_status": "executed"},
            {"from_platform": True},
            {"platform_claims": {"cost": "executed"}},
            {"release_state": "released"},
        ):
            with self.assertRaises(UserError):
                change.write(values)
            with self.assertRaises(UserError):
                self.change_order(**values)

    def test_only_drafts_are_deleted(self):
        self.change_order().unlink()
        change = self.change_order()
        change.action_potential()
        with self.assertRaisesRegex(UserError, "void it"):
            change.unlink()

    def test_who_may(self):
        change = self.change_order()
        for name in ("project_user", "auditor", "integration_manager"):
            user = self.make_user(f"co-{name}", name)
            for act in ("submit", "potential", "cost_executed", "revenue_executed", "try_again"):
                with self.assertRaises(AccessError, msg=f"{name} {act}"):
                    getattr(change.with_user(user), f"action_{act}")()
            with self.assertRaises(AccessError):
                change.with_user(user).action_void("no")
        change.with_user(self.finance).action_submit()
        self.assertEqual(change.state, "submitted")

    def test_not_of_another_company(self):
        other = self.make_company("Other Builders")
        stranger = self.make_user("co-stranger", "project_manager", company=other)
        change = self.change_order()
        with self.assertRaises(AccessError):
            change.with_user(stranger).read(["title"])
        self.assertFalse(self.env["construction.change.order"].with_user(stranger).search([]))
        self.assertFalse(self.env["construction.change.order.line"].with_user(stranger).search([]))

    def test_the_approver_sees_every_side_before(self):
        change = self.change_order()
        change.action_submit()
        seen = change.with_user(self.second)
        rows = {row["label"]: (row["before"], row["after"]) for row in seen._effect_rows()}
        self.assertEqual(
            rows,
            {
                "Budget of these codes": (100000, 101000),
                "Available of it": (85000, 85000),
                self.order_one.display_name: (15000, 16000),
                "Changes of the owner's contract": (0, 1300),
                "Margin of the job's changes": (0, 300),
            },
        )
        for text in ("100,000.00", "16,000.00", "1,300.00", "Margin"):
            self.assertIn(text, seen.effect)
            self.assertIn(text, seen.release_effect)
        self.assertEqual(seen.action_decide_dialog()["res_id"], change.id)
        seen.action_release()
        self.assertFalse(seen.effect)

    def test_what_people_typed_is_no_markup_language(self):
        order = self.order(self.line(10.0), commitment_number="<i>1</i>", confirm=True)
        change = self.change_order(self.change_line(1.0, order=order))
        self.assertNotIn("<i>", change.effect)


@tagged("post_install", "-at_install")
class TestBudgetCheck(ChangeOrderCase, TransactionCase):
    """A change whose cost is more than its own budget side and what is available."""

    def over(self, budget=0.0, **values):
        line = self.change_line(
            90000.0, 0.0, self.order_one, self.order_one.order_line[0], budget_amount=budget
        )
        return self.change_order(line, **values)

    def check(self, kind):
        self.policy("change_order", budget_check=kind)

    def test_within(self):
        """85,000 is available beside the order of 15,000; the change brings the rest."""
        self.check("block")
        self.over(5000.0).action_submit()

    def test_a_reason_is_asked(self):
        change = self.over(4999.99)
        with self.assertRaisesRegex(UserError, r"85,000.00, needed \$\s?85,000.01"):
            change.action_submit()
        change.budget_reason = "The owner pays for it by claim 4"
        change.action_submit()
        self.assertIn("over by", change.with_user(self.second).release_effect)
        with self.assertRaises(UserError):
            change.budget_reason = "Another"
        change.with_user(self.second).action_release()
        self.assertEqual(change.state, "approved")

    def test_blocked_when_it_is_submitted_and_when_it_is_approved(self):
        self.check("block")
        with self.assertRaisesRegex(UserError, "move budget first"):
            self.over().action_submit()
        self.check("inform")
        change = self.over()
        change.action_submit()
        self.check("block")
        with self.assertRaisesRegex(UserError, "move budget first"):
            change.with_user(self.second).action_release()
        self.assertEqual(change.state, "submitted")

    def test_a_reason_that_was_given_is_not_asked_for_again(self):
        change = self.over(budget_reason="The owner pays for it by claim 4")
        change.action_submit()
        self.check("block")
        change.with_user(self.second).action_release()
        self.assertEqual(change.state, "approved")
        with self.assertRaisesRegex(UserError, "move budget first"):
            self.over(budget_reason="A reason is no budget").action_submit()

    def test_a_reason_is_for_the_amounts_it_was_given_for(self):
        change = self.over(budget_reason="The owner pays for it by claim 4")
        change.action_submit()
        change.with_user(self.second).action_return("Ask for more")
        line = change.line_ids
        line.name = "Other words"
        self.assertTrue(change.budget_reason)
        line.write({"cost_amount": 95000.0, "budget_amount": 0.0})
        self.assertFalse(change.budget_reason)
        with self.assertRaisesRegex(UserError, "fill in"):
            change.action_submit()
        amounts = {"cost_amount": 96000.0, "budget_amount": 0.0}
        change.write({"line_ids": [(1, line.id, amounts)], "budget_reason": "By claim 5"})
        self.assertEqual(change.budget_reason, "By claim 5")
        change.action_submit()
        self.check("block")
        change.with_user(self.second).action_release()
        self.assertEqual((change.state, change.budget_reason), ("approved", "By claim 5"))

    def test_routed_to_a_person(self):
        self.release_by_policy("change_order")
        self.check("route")
        change = self.over()
        change.action_submit()
        self.assertEqual(change.release_state, "to_release")
        within = self.over(90000.0)
        within.action_submit()
        self.assertEqual(within.state, "approved")

    def test_what_is_pending_of_it_does_not_count_against_it(self):
        self.check("block")
        change = self.over(5000.0)
        change.action_submit()
        self.assertFalse(change._budget_overruns())
