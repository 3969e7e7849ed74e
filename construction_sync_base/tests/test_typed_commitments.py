"""An order typed while the platform was down is bound to the later event, and no second
one appears. What is not certain is a question to a person."""

from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, tagged

from .typed import TypedCase


@tagged("post_install", "-at_install")
class TestTypedCommitment(TypedCase, TransactionCase):
    def given(self):
        super().given()
        self.job = self.setup_job(codes=("03-300", "05-120"))
        self.vendor = self.bound("vendor", "V1")
        self.code, self.other_code = self.sent_code("03-300"), self.sent_code("05-120")

    def approved(self, *lines, external_id="C1", sequence=1, **over):
        lines = lines or (self.commitment_line("1", "1000.00", description="Work"),)
        data = self.commitment_data(external_id, lines=list(lines), **over)
        return self.event("commitment.approved", data=data, sequence=sequence)

    def orders(self):
        return self.env["purchase.order"].search([("project_id", "=", self.job.id)])

    def test_exact(self):
        order = self.order(commitment_number=" po-c1", confirm=True)
        self.process(self.approved())
        self.assertEqual(self.bound("commitment", "C1"), order)
        self.assertEqual(self.orders(), order)
        self.assertEqual((order.amount_untaxed, order.state), (1000, "purchase"))
        self.assertEqual(order.order_line.line_ref, "1")
        self.assertEqual(order.commitment_number, "PO-C1")
        self.assertIn("Pat Manager", order.platform_approval)
        self.assertEqual(len(self.adopted(order)), 1)
        self.assertEqual(self.adopted(order).actor_id, self.platform.service_user_id)

    def test_the_vendor_reference_typed_by_hand(self):
        order = self.order(partner_ref="PO-C1", confirm=True)
        self.process(self.approved())
        self.assertEqual(self.orders(), order)
        self.assertEqual(order.commitment_number, "PO-C1")

    def test_the_next_version_finds_the_typed_lines(self):
        order = self.order(
            self.line(name="Slab"), self.line(500, self.other_code, name="Steel"),
            commitment_number="PO-C1", confirm=True,
        )  # fmt: skip
        steel = self.commitment_line("b", "500.00", cost_code="05-120", description="Steel")
        slab = self.commitment_line("a", "1000.00", description="Slab")
        self.process(self.approved(steel, slab))
        self.assertEqual(order.order_line.mapped("line_ref"), ["a", "b"])
        self.process(self.approved(slab | {"amount": "1200.00"}, steel, sequence=2))
        self.assertEqual(order.order_line.mapped("price_subtotal"), [1200, 500])
        self.assertEqual(self.orders(), order)

    def test_a_draft_is_completed_and_confirmed(self):
        order = self.order(
            self.line(name="Slab"), self.line(70, self.other_code, name="Not theirs"),
            commitment_number="PO-C1",
        )  # fmt: skip
        self.process(self.approved(self.commitment_line("a", "900.00", description="Slab")))
        self.assertEqual(self.orders(), order)
        self.assertEqual((order.state, order.amount_untaxed), ("purchase", 900))
        self.assertEqual(order.original_amount, 900)
        self.assertEqual(order.order_line.mapped("line_ref"), ["a"])
        self.assertEqual(str(order.date_order), "2026-03-02 12:00:00")

    def test_differences_are_taken_over_while_nothing_was_received_or_billed(self):
        order = self.order(
            self.line(name="Slab"), self.line(70, self.other_code, name="Not theirs"),
            commitment_number="PO-C1", confirm=True,
        )  # fmt: skip
        self.process(self.approved(self.commitment_line("a", "900.00", description="Slab")))
        self.assertEqual(self.orders(), order)
        self.assertEqual(order.order_line.mapped("price_subtotal"), [900, 0])
        self.assertEqual(order.original_amount, 900)
        self.assertIn("Not theirs", self.adopted(order).detail)

    def test_equal_amounts_are_bound_although_billed(self):
        order = self.order(commitment_number="PO-C1", confirm=True)
        self.bill(order, 400)
        self.process(self.approved())
        self.assertEqual(self.orders(), order)
        self.assertEqual((order.order_line.line_ref, order.billed_amount), ("1", 400))

    def test_differences_of_what_was_billed_are_a_question(self):
        order = self.order(commitment_number="PO-C1", confirm=True)
        self.bill(order, 400)
        event = self.approved(self.commitment_line("1", "1500.00"))
        self.apply(event)
        issue = self.assertParked(event["id"], "duplicate")
        self.assertEqual(self.orders(), order)
        self.assertIn("1,500.00", issue.candidates[0]["differences"])
        self.assertEqual(order.order_line.line_ref, False)
        self.choose(issue, order)
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")
        self.assertEqual(self.orders(), order)
        self.assertEqual((order.amount_untaxed, order.billed_amount), (1500, 400))

    def test_bound_by_hand_it_still_never_falls_below_what_was_billed(self):
        order = self.order(commitment_number="PO-C1", confirm=True)
        self.bill(order, 400)
        event = self.approved(self.commitment_line("1", "300.00"))
        self.apply(event)
        self.choose(self.assertParked(event["id"], "duplicate"), order)
        self.drain()
        self.assertParked(event["id"], "matching")
        self.assertEqual(order.amount_untaxed, 1000)

    def test_a_new_one_by_decision(self):
        order = self.order(commitment_number="PO-C1", confirm=True)
        self.bill(order, 400)
        event = self.approved(self.commitment_line("1", "1500.00"))
        self.apply(event)
        self.choose(self.assertParked(event["id"], "duplicate"))
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")
        self.assertEqual(len(self.orders()), 2)
        self.assertNotEqual(self.bound("commitment", "C1"), order)
        self.assertEqual(order.amount_untaxed, 1000)

    def test_several_are_a_question(self):
        orders = self.order(commitment_number="PO-C1") | self.order(partner_ref="PO-C1")
        event = self.approved()
        self.apply(event)
        issue = self.assertParked(event["id"], "duplicate")
        self.assertEqual({c["id"] for c in issue.candidates}, set(orders.ids))
        self.choose(issue, orders[1])
        self.drain()
        self.assertEqual(self.bound("commitment", "C1"), orders[1])
        self.assertEqual(orders.mapped("state"), ["draft", "purchase"])

    def test_another_vendor_is_a_question_another_job_is_none(self):
        other = self.env["res.partner"].create({"name": "Other", "is_company": True})
        self.order(commitment_number="PO-C1", partner_id=other.id)
        event = self.approved()
        self.apply(event)
        self.assertIn("Other", self.assertParked(event["id"], "duplicate").candidates[0][
            "differences"])  # fmt: skip
        elsewhere = self.order(commitment_number="PO-C2", project_id=self.make_job("26-555").id)
        self.process(self.approved(external_id="C2"))
        self.assertNotEqual(self.bound("commitment", "C2"), elsewhere)

    def test_closed_and_cancelled_ones(self):
        order = self.order(commitment_number="PO-C1", confirm=True)
        order._close_commitment("final", "2026-03-05")
        event = self.approved()
        self.apply(event)
        self.assertParked(event["id"], "duplicate")
        cancelled = self.order(commitment_number="PO-C2")
        cancelled.button_cancel()
        self.process(self.approved(external_id="C2"))
        self.assertNotEqual(self.bound("commitment", "C2"), cancelled)

    def test_of_another_company(self):
        second = self.make_company("Second")
        job = self.make_job("26-J1", company_id=second.id)
        order = self.order(
            self.line(tax_ids=[]), commitment_number="PO-C1", project_id=job.id,
            company_id=second.id,
        )  # fmt: skip
        self.process(self.approved())
        self.assertNotEqual(self.bound("commitment", "C1"), order)
        self.assertEqual(order.state, "draft")

    def test_one_order_is_not_taken_twice(self):
        order = self.order(commitment_number="PO-7", confirm=True)
        one = self.approved(external_id="C1", number="PO-7")
        two = self.approved(external_id="C2", number="PO-7")
        self.apply(one, two)
        states = {self.state(one["id"]), self.state(two["id"])}
        self.assertEqual(states, {"processed", "parked"})
        self.assertEqual(self.orders(), order)
        self.drain()
        third = self.approved(external_id="C3", number="PO-7")
        self.process(third)  # bound to this platform already: no candidate any more
        self.assertNotEqual(self.bound("commitment", "C3"), order)

    def test_what_another_platform_reports_is_a_question(self):
        self.process(self.approved())
        second = self.make_platform("tests-second", self.company)
        for object_name, external_id, record in (
            ("job", "J1", self.job), ("vendor", "V1", self.vendor),
        ):  # fmt: skip
            self.env["construction.binding"]._bind_by_hand(second, object_name, external_id, record)
        event = self.approved()
        self.apply(event, platform=second)
        self.assertParked(event["id"], "duplicate", platform=second)

    def test_a_budget_overrun_leaves_the_draft_as_it_was(self):
        self.policy(budget_check="block")
        order = self.order(commitment_number="PO-C1")
        event = self.approved(self.commitment_line("1", "200000.00"))
        self.apply(event)
        self.assertParked(event["id"], "budget")
        self.assertEqual((order.state, order.amount_untaxed), ("draft", 1000))
        self.assertFalse(order.order_line.line_ref)

    def test_replay(self):
        order = self.order(commitment_number="PO-C1", confirm=True)
        event = self.approved()
        self.process(event)
        before = order.read(load=None), order.order_line.read(load=None)
        self.assertEqual(self.send(event), ["duplicate"])
        again = self.approved(sequence=1)
        self.apply(again)
        self.assertEqual(self.state(again["id"]), "superseded")
        self.assertEqual((order.read(load=None), order.order_line.read(load=None)), before)
        self.assertEqual(self.orders(), order)
        self.assertEqual(len(self.adopted(order)), 1)

    def test_who_may_choose(self):
        self.order(commitment_number="PO-C1")
        self.order(commitment_number="PO-C1")
        event = self.approved()
        self.apply(event)
        issue = self.assertParked(event["id"], "duplicate")
        reader = self.make_user("typed-reader", "project_user")
        with self.assertRaises(AccessError):
            issue.with_user(reader).action_choose_dialog()
        manager = self.make_user("typed-manager", "integration_manager")
        self.choose(issue, user=manager)
        self.drain()
        self.assertEqual(len(self.orders()), 3)
