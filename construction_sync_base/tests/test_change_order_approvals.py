"""Change orders of a platform and the approvals here."""

from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged

from .test_change_order_events import ChangeEventCase


@tagged("post_install", "-at_install")
class TestApprovals(ChangeEventCase, TransactionCase):
    def rule(self, **values):
        return self.env["construction.approval.rule"].create(
            {
                "name": "Project executive",
                "document_type": "change_order",
                "group_id": self.env.ref("construction_sync_base.group_project_manager").id,
                **values,
            }
        )

    def test_the_matrix_asks_although_the_platform_approved(self):
        self.rule()
        event = self.change_event("approved", 1, cost_status="executed")
        self.process(event)
        self.assertEqual(self.standing(), "submitted submitted submitted submitted")
        self.assertIn("Project executive", self.issues(event["id"]).message)
        self.assertBooks(budget=200000, committed=1500, pending=300)
        manager = self.make_user("co-executive", "project_manager")
        self.change().with_user(manager).action_release()
        self.assertEqual(self.standing(), "approved executed executed submitted")
        self.assertBooks(budget=200300, committed=1800, pending=0)

    def test_where_the_policy_accepts_the_platform(self):
        self.rule()
        self.env.ref("construction_sync_base.policy_change_order").accept_platform_approval = True
        self.process(self.change_event("approved", 1))
        self.assertEqual(self.standing(), "approved executed approved submitted")

    def test_who_submitted_there_does_not_approve_it_there(self):
        self.rule()
        self.env.ref("construction_sync_base.policy_change_order").accept_platform_approval = True
        who = {"name": "Sam Self", "email": "sam@example.com"}
        self.process(self.change_event("approved", 1, created_by=who, approved_by=who))
        self.assertEqual(self.standing(), "submitted submitted submitted submitted")

    def test_above_the_double_validation(self):
        self.company.write({"po_double_validation": "two_step", "po_double_validation_amount": 400})
        self.process(self.change_event("approved", 1))
        self.assertEqual(self.standing(), "submitted submitted submitted submitted")
        lower = [self.line_data(revenue="399.99")]
        self.process(self.change_event("approved", 2, lines=lower))
        self.assertEqual(self.standing(), "approved executed approved submitted")

    def test_raised_after_the_approval_it_waits_again(self):
        self.rule(amount_from=1000)
        self.process(self.change_event("approved", 1, cost_status="executed"))
        self.assertEqual(self.standing(), "approved executed executed submitted")
        lines = [self.line_data(cost="2000.00")]
        self.process(self.change_event("approved", 2, lines=lines, cost_status="executed"))
        self.assertEqual(self.standing(), "submitted submitted submitted submitted")
        self.assertBooks(budget=200000, committed=1500, pending=2000)

    def test_submitted_there_approved_here(self):
        self.process(self.change_event("submitted", 1))
        change = self.change()
        self.assertEqual(change.release_state, "to_release")
        manager = self.make_user("co-manager", "project_manager")
        change.with_user(manager).action_release()
        self.assertEqual(self.standing(), "approved executed approved submitted")
        self.process(self.change_event("approved", 2, cost_status="executed"))
        self.assertEqual(self.standing(), "approved executed executed submitted")
        self.process(self.change_event("voided", 3))
        self.assertEqual(self.standing(), "void void void void")

    def test_submitted_again_what_was_approved_here(self):
        """Other words leave our approval; other amounts are a question again."""
        self.process(self.change_event("submitted", 1))
        manager = self.make_user("co-manager", "project_manager")
        self.change().with_user(manager).action_release()
        self.process(self.change_event("submitted", 2, title="Rebar, more of it"))
        self.assertEqual(self.standing(), "approved executed approved submitted")
        self.assertEqual(self.change().title, "Rebar, more of it")
        self.process(self.change_event("submitted", 3, lines=[self.line_data(cost="301.00")]))
        self.assertEqual(self.standing(), "submitted submitted submitted submitted")
        self.assertBooks(budget=200000)

    def test_submitted_again_on_other_codes(self):
        """Our approval of the total stays; the budget follows the codes, if they have it."""
        self.env.ref("construction_sync_base.policy_change_order").budget_check = "block"
        self.process(self.change_event("submitted", 1))
        self.change().with_user(self.make_user("co-manager", "project_manager")).action_release()
        other = self.line_data("B", cost_code="05-120")
        other.pop("commitment_line_id")
        self.process(self.change_event("submitted", 2, lines=[other]))
        self.assertEqual(self.standing(), "approved executed approved submitted")
        self.assertEqual(
            self.change().line_ids.mapped(lambda x: (x.line_ref, x.applied_budget_amount)),
            [("B", 300)],
        )
        bare = self.line_data("C", cost_type="subcontract", budget_amount="0.00")
        paid = self.line_data("B", "0.00", "0.00", cost_code="05-120", budget_amount="300.00")
        for line in (bare, paid):
            line.pop("commitment_line_id")
        event = self.change_event("submitted", 3, lines=[bare, paid])
        self.apply(event)
        self.assertParked(event["id"], "budget")

    def test_a_policy_that_releases_what_is_submitted(self):
        clerk, controller = (self.make_user(f"co-finance-{n}", "finance") for n in "ab")
        policy = (
            self.env["construction.release.policy"]
            .with_user(clerk)
            .create({"document_type": "change_order", "automatic": True, "amount_limit": 1000})
        )
        policy.action_propose()
        policy.with_user(controller).action_approve()
        self.process(self.change_event("submitted", 1))
        self.assertEqual(self.standing(), "approved executed approved submitted")
        self.assertTrue(self.change().release_automatic)

    def over(self, sequence=1):
        line = self.line_data(cost="100000.00", budget_amount="0.00")
        return self.change_event("approved", sequence, lines=[line])

    def test_over_budget_is_told(self):
        event = self.over()
        self.process(event)
        self.assertEqual(self.issues(event["id"]).mapped("category"), ["budget"])
        self.assertEqual(self.issues(event["id"]).amount, 1500)
        self.assertEqual(self.standing(), "approved none approved submitted")

    def test_over_budget_it_is_stopped_until_there_is_budget(self):
        self.env.ref("construction_sync_base.policy_change_order").budget_check = "block"
        event = self.over()
        self.apply(event)
        self.assertParked(event["id"], "budget")
        self.assertFalse(self.change())
        more = {
            "external_id": "BC9", "job": "J1", "number": "BC9", "kind": "revision",
            "date": "2026-03-10", "currency": self.company.currency_id.name, "reason": "More",
            "lines": [self.budget_line("1500.00")],
        }  # fmt: skip
        self.process(self.event("budget_change.approved", data=more, sequence=1))
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed", self.issues(event["id"]).message)
        self.assertBooks(budget=201500)

    def test_an_approved_one_that_grows_over_budget_is_stopped(self):
        self.env.ref("construction_sync_base.policy_change_order").budget_check = "block"
        first = self.line_data(cost="1000.00", budget_amount="1000.00")
        self.process(self.change_event("approved", 1, lines=[first]))
        self.process(self.change_event("executed", 2, lines=[first]))
        grown = self.change_event("executed", 3, lines=[first | {"cost_amount": "100000.00"}])
        self.apply(grown)
        self.assertParked(grown["id"], "budget")
        self.assertEqual(self.change().cost_amount, 1000)

    def test_an_approved_one_that_moves_to_where_no_budget_is_is_stopped(self):
        """The same total on other codes is another question to the budget."""
        self.env.ref("construction_sync_base.policy_change_order").budget_check = "block"
        first = self.line_data(cost="10000.00", budget_amount="0.00")
        self.process(self.change_event("approved", 1, lines=[first]))
        elsewhere = self.line_data("B", "10000.00", budget_amount="0.00", cost_type="subcontract")
        elsewhere.pop("commitment_line_id")
        moved = self.change_event("approved", 2, lines=[elsewhere])
        self.apply(moved)
        self.assertParked(moved["id"], "budget")
        self.assertEqual(self.change().line_ids.filtered("cost_amount").line_ref, "A")

    def test_a_reason_is_for_the_amounts_it_was_given_for(self):
        self.env.ref("construction_sync_base.policy_change_order").budget_check = "block"
        event = self.over()
        self.apply(event)
        issue = self.assertParked(event["id"], "budget")
        issue.with_user(self.make_user("co-overrun", "project_manager")).action_approve_overrun("x")
        self.drain()
        self.assertEqual(self.change().budget_reason, "x (co-overrun)")
        line = self.line_data(cost="100.00", budget_amount="0.00")
        self.process(self.change_event("approved", 2, lines=[line]))
        self.assertFalse(self.change().budget_reason)

    def test_what_a_newer_version_leaves_as_it_was_stays(self):
        """Budget and revenue of a line follow its cost only where nothing is said of them."""
        line = self.line_data(cost="300.00", revenue="400.00", budget_amount="100.00")
        self.process(self.change_event("approved", 1, lines=[line]))
        self.assertBooks(budget=200100)
        line["cost_amount"] = "350.00"
        self.process(self.change_event("approved", 2, lines=[line]))
        change = self.change()
        self.assertEqual(
            (change.cost_amount, change.budget_amount, change.revenue_amount), (350, 100, 400)
        )
        self.assertBooks(budget=200100)

    def test_an_approved_overrun_goes_on_with_its_reason(self):
        self.env.ref("construction_sync_base.policy_change_order").budget_check = "block"
        event = self.over()
        self.apply(event)
        issue = self.assertParked(event["id"], "budget")
        manager = self.make_user("co-overrun", "project_manager")
        issue.with_user(manager).action_approve_overrun("the owner pays")
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed", self.issues(event["id"]).message)
        self.assertEqual(self.standing(), "approved none approved submitted")
        self.assertEqual(self.change().budget_reason, "the owner pays (co-overrun)")

    def test_the_overrun_is_that_of_the_platform_s_own_policy(self):
        """Routed for this platform only: a person decides, and nobody else's policy does."""
        policy = self.env["construction.sync.policy"].create(
            {"object": "change_order", "platform_id": self.platform.id, "budget_check": "route"}
        )
        event = self.over()
        self.process(event)
        self.assertEqual(self.standing(), "submitted none submitted submitted")
        issue = self.issues(event["id"])
        self.assertEqual((issue.category, issue.severity, issue.amount), ("approval", "high", 1500))
        self.assertIn("over by", issue.message)
        manager = self.make_user("co-router", "project_manager")
        policy.budget_check = "block"
        with self.assertRaisesRegex(UserError, "move budget first"):
            self.change().with_user(manager).action_release()
        policy.budget_check = "route"
        self.change().with_user(manager).action_release()
        self.assertEqual(self.standing(), "approved none approved submitted")
