"""The budget check before a commitment, by policy: for events and for people alike."""

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import TransactionCase, tagged

from .domain import DomainCase
from .test_commitments import CommitmentCase


@tagged("post_install", "-at_install")
class TestCheckOfEvents(CommitmentCase, TransactionCase):
    """The budget is 100,000 for each of the two codes."""

    def given(self):
        super().given()
        self.policy = self.env.ref("construction_sync_base.policy_commitment")

    def over(self, external_id="C1", sequence=1, amount="100000.01", **over):
        line = self.commitment_line(amount=amount)
        return self.approved(external_id, sequence, lines=[line], **over)

    def test_within_is_silent(self):
        for check in ("off", "inform", "warn", "block", "route"):
            self.policy.budget_check = check
            event = self.over(f"C-{check}", amount="20000.00")
            self.process(event)
            self.assertFalse(self.issues(event["id"]), check)
            self.assertEqual(self.order_of(f"C-{check}").state, "purchase")

    def test_off(self):
        self.policy.budget_check = "off"
        event = self.over()
        self.process(event)
        self.assertFalse(self.issues(event["id"]))
        self.assertEqual(self.order_of().state, "purchase")

    def test_inform(self):
        self.policy.budget_check = "inform"
        event = self.over()
        self.process(event)
        self.assertFalse(self.issues(event["id"]))
        self.assertIn("over by", "".join(self.order_of().message_ids.mapped("body")))

    def test_warn_is_the_default(self):
        self.assertEqual(self.policy.budget_check, "warn")
        event = self.over()
        self.process(event)
        issue = self.issues(event["id"])
        self.assertEqual((issue.category, issue.blocking, issue.amount), ("budget", False, 0.01))
        self.assertEqual(self.order_of().state, "purchase")

    def test_block_makes_nothing(self):
        self.policy.budget_check = "block"
        event = self.over()
        before = self.env["purchase.order"].search_count([])
        self.apply(event)
        issue = self.assertParked(event["id"], "budget")
        self.assertIn("available $\xa0100,000.00, needed $\xa0100,000.01", issue.message)
        self.assertEqual(issue.severity, "high")
        self.assertEqual(self.env["purchase.order"].search_count([]), before)

    def test_approve_overrun(self):
        self.policy.budget_check = "block"
        event = self.over()
        self.apply(event)
        issue = self.assertParked(event["id"], "budget")
        clerk = self.make_user("overrun-clerk", "integration_manager")
        with self.assertRaises(AccessError):
            issue.with_user(clerk).action_approve_overrun("please")
        manager = self.make_user("overrun-manager", "project_manager")
        with self.assertRaises(UserError):
            issue.with_user(manager).action_approve_overrun("  ")
        issue.with_user(manager).action_approve_overrun("owner pays")
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")
        self.assertEqual(self.order_of().budget_reason, "owner pays (overrun-manager)")
        self.assertEqual(self.order_of().state, "purchase")

    def test_an_approval_is_for_one_event(self):
        self.policy.budget_check = "block"
        one, two = self.over("C1"), self.over("C2")
        self.apply(one, two)
        self.assertParked(one["id"], "budget").action_approve_overrun("owner pays")
        self.drain()
        self.assertEqual([self.state(e["id"]) for e in (one, two)], ["processed", "parked"])

    def test_route(self):
        self.policy.budget_check = "route"
        event = self.over()
        self.process(event)
        order = self.order_of()
        self.assertEqual((order.state, order.budget_routed), ("to approve", True))
        self.assertEqual(self.issues(event["id"]).category, "approval")
        buyer = self.make_user("route-buyer", "project_user")
        buyer.group_ids |= self.env.ref("purchase.group_purchase_user")
        with self.assertRaises(UserError):
            order.with_user(buyer).button_approve()
        manager = self.make_user("route-manager", "project_manager")
        order.with_user(manager).button_approve()
        self.assertEqual((order.state, order.budget_routed), ("purchase", False))

    def test_a_changed_version_is_checked_as_a_whole(self):
        self.policy.budget_check = "block"
        self.process(self.over(amount="99000.00"))
        event = self.over(sequence=2, amount="100001.00")
        self.apply(event)
        issue = self.assertParked(event["id"], "budget")
        self.assertEqual(issue.amount, 1)
        self.assertEqual(self.order_of().amount_untaxed, 99000, "the change is undone")
        issue.action_approve_overrun("owner pays")
        self.drain()
        self.assertEqual(self.order_of().amount_untaxed, 100001)

    def test_less_than_before_is_never_too_much(self):
        self.policy.budget_check = "off"
        self.process(self.over(amount="150000.00"))
        self.policy.budget_check = "block"
        self.process(self.over(sequence=2, amount="140000.00"))
        self.assertEqual(self.order_of().amount_untaxed, 140000)

    def test_a_routed_change_waits_again(self):
        self.policy.budget_check = "route"
        self.process(self.over(amount="99000.00"))
        self.process(self.over(sequence=2, amount="100001.00"))
        self.assertEqual(self.order_of().state, "to approve")

    def test_a_routed_order_that_fits_again_goes_on(self):
        self.policy.budget_check = "route"
        self.process(self.over(amount="100010.00"))
        self.process(self.over(sequence=2, amount="100000.01"))
        order = self.order_of()
        self.assertEqual((order.state, order.budget_routed), ("to approve", True), "still over")
        self.process(self.over(sequence=3, amount="100000.00"))
        self.assertEqual((order.state, order.budget_routed), ("purchase", False))

    def test_a_smaller_version_frees_the_budget_for_who_waits(self):
        self.policy.budget_check = "block"
        self.process(self.over("C1", amount="100000.00"))
        waiting = self.over("C2", amount="60000.00")
        self.apply(waiting)
        self.assertParked(waiting["id"], "budget")
        self.process(self.over("C1", sequence=2, amount="40000.00"))
        self.drain()
        self.assertEqual(self.state(waiting["id"]), "processed")

    def test_two_of_one_batch_cannot_both_take_the_last(self):
        self.policy.budget_check = "block"
        one, two = self.over("C1", amount="60000.00"), self.over("C2", amount="60000.00")
        self.apply(one, two)
        self.assertEqual([self.state(e["id"]) for e in (one, two)], ["processed", "parked"])

    def test_what_is_blocked_takes_nothing_from_the_rest_of_the_batch(self):
        self.policy.budget_check = "block"
        one, two = self.over("C1"), self.over("C2", amount="60000.00")
        self.apply(one, two)
        self.assertEqual([self.state(e["id"]) for e in (one, two)], ["parked", "processed"])

    def test_double_validation(self):
        self.company.write(
            {"po_double_validation": "two_step", "po_double_validation_amount": 5000}
        )
        self.process(self.over("C1", amount="4999.99"), self.over("C2", amount="5000.00"))
        self.assertEqual(self.order_of("C1").state, "purchase")
        self.assertEqual(self.order_of("C2").state, "to approve")
        self.policy.accept_platform_approval = True
        self.process(self.over("C3", amount="5000.00"))
        self.assertEqual(self.order_of("C3").state, "purchase")

    def test_policy_of_platform_and_company(self):
        self.env["construction.sync.policy"].create(
            {"object": "commitment", "platform_id": self.platform.id, "budget_check": "block"}
        )
        event = self.over()
        self.apply(event)
        self.assertParked(event["id"], "budget")
        other = self.make_platform("tests-second", self.company)
        for kind, data in (
            ("job", self.job_data("J1", number="26-2")),
            ("vendor", self.vendor_data()),
        ):
            self.process(self.event(f"{kind}.upserted", data=data, sequence=1), platform=other)
        self.process(self.over(), platform=other)


@tagged("post_install", "-at_install")
class TestCheckOnScreens(DomainCase, TransactionCase):
    def given(self):
        super().given()
        self.budget(1000)
        self.manager = self.make_user("screen-manager", "project_manager")
        self.buyer = self.make_user("screen-buyer", "project_user")
        self.buyer.group_ids |= self.env.ref("purchase.group_purchase_user")

    def over(self, user=None):
        return self.order(self.line(1000.01), user=user or self.buyer)

    def test_within(self):
        for check in ("off", "inform", "warn", "block", "route"):
            self.policy(budget_check=check)
            order = self.order(self.line(100), user=self.buyer)
            order.button_confirm()
            self.assertEqual((order.state, order.budget_routed), ("purchase", False), check)

    def test_off_and_inform(self):
        for check in ("off", "inform"):
            self.policy(budget_check=check)
            order = self.over()
            order.button_confirm()
            self.assertEqual(order.state, "purchase")
        self.assertIn("over by", "".join(order.message_ids.mapped("body")))

    def test_warn_asks_for_a_reason(self):
        order = self.over()
        with self.assertRaisesRegex(UserError, "over by .*0.01(.|\n)*Reason for exceeding"):
            order.button_confirm()
        order.budget_reason = " "
        with self.assertRaises(UserError):
            order.button_confirm()
        order.budget_reason = "owner pays"
        order.button_confirm()
        self.assertEqual(order.state, "purchase")

    def test_block(self):
        self.policy(budget_check="block")
        order = self.over(self.manager)
        order.budget_reason = "owner pays"
        with self.assertRaises(UserError):
            order.button_confirm()

    def test_vm2_through_documents(self):
        """Of 10,000 are 6,000 spent and 3,500 ordered: an order of 700 is 200 over, one of 500
        is not. Without a budget line nothing is available."""
        self.policy(budget_check="block")
        self.budget(10000)
        self.cost_entry(6000)
        self.order(self.line(3500), confirm=True)
        over = r"available \$\s?500\.00, needed \$\s?700\.00.*over by \$\s?200\.00"
        with self.assertRaisesRegex(UserError, over):
            self.order(self.line(700)).button_confirm()
        self.order(self.line(500), confirm=True)
        with self.assertRaisesRegex(UserError, r"available \$\s?0\.00, needed \$\s?1\.00"):
            self.order(self.line(1, code=self.other_code)).button_confirm()

    def test_route(self):
        self.policy(budget_check="route")
        order = self.over()
        order.button_confirm()
        self.assertEqual((order.state, order.budget_routed), ("to approve", True))
        with self.assertRaises(UserError):
            order.button_approve()
        self.assertFigures(pending=1000.01, committed=0)
        order.with_user(self.manager).button_approve()
        self.assertEqual(order.state, "purchase")

    def test_who_may_approve_may_order(self):
        self.policy(budget_check="route")
        order = self.over(self.manager)
        order.button_confirm()
        self.assertEqual(order.state, "purchase")

    def test_two_at_a_time_cannot_both_take_the_last(self):
        """Where the check blocks, the budget is written: of two transactions that saw the
        same figures the second one fails and is tried again with those of the first."""

        def place():
            self.env.cr.execute(
                "SELECT ctid FROM construction_budget WHERE id = %s", (self.job.budget_id.id,)
            )
            return self.env.cr.fetchone()

        for check, held in (("warn", False), ("block", True)):
            self.policy(budget_check=check)
            before = place()
            self.order(self.line(100), confirm=True)
            self.assertEqual(place() != before, held, check)

    def test_a_policy_of_the_company_holds(self):
        self.env["construction.sync.policy"].create(
            {"object": "commitment", "company_id": self.company.id, "budget_check": "block"}
        )
        with self.assertRaises(UserError):
            self.over().button_confirm()

    def test_orders_without_a_job_are_not_asked(self):
        self.policy(budget_check="block")
        order = self.over()
        order.write({"project_id": False, "order_line": [Command.clear()]})
        product = self.env["product.product"].create(
            {"name": "Paper", "type": "consu", "supplier_taxes_id": [Command.clear()]}
        )
        order.order_line = [Command.create({"product_id": product.id, "product_qty": 5000})]
        order.button_confirm()
        self.assertEqual(order.state, "purchase")
