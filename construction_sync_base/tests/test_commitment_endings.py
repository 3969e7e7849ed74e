"""Voids and closings of commitments."""

from odoo.tests import TransactionCase, tagged

from .test_commitment_changes import ChangeCase


@tagged("post_install", "-at_install")
class TestVoid(ChangeCase, TransactionCase):
    def test_void_cancels(self):
        self.process(self.approved(sequence=1))
        order = self.order_of()
        self.process(self.void(sequence=2))
        self.assertEqual(order.state, "cancel")
        self.assertIn("mistake", order.message_ids[0].body)
        self.assertEqual(self.totals()["committed"], 0)
        again = self.approved(sequence=3)
        self.apply(again)
        self.assertParked(again["id"], "inactive_target")
        self.assertEqual(order.state, "cancel")

    def test_a_locked_order(self):
        self.company.po_lock = "lock"
        self.process(self.approved(sequence=1))
        self.process(self.void(sequence=2))
        self.assertEqual(self.order_of().state, "cancel")

    def test_an_order_that_waits(self):
        self.company.write({"po_double_validation": "two_step", "po_double_validation_amount": 5})
        self.process(self.approved(sequence=1))
        self.assertEqual(self.order_of().state, "to approve")
        self.process(self.void(sequence=2))
        self.assertEqual(self.order_of().state, "cancel")

    def test_received_or_billed_is_an_issue(self):
        for number, touch in enumerate(
            (
                lambda order: order.order_line.write({"qty_received": 10}),
                lambda order: self.bill(order, 10),
                lambda order: self.bill(order, 10, post=False),
            )
        ):
            name = f"C{number}"
            self.process(self.approved(name, sequence=1))
            touch(self.order_of(name))
            event = self.void(name, sequence=2)
            self.apply(event)
            self.assertParked(event["id"], "matching")
            self.assertEqual(self.order_of(name).state, "purchase")

    def test_the_number_leads_to_the_commitment_in_its_place(self):
        self.process(self.approved(sequence=1, number="SC-7"))
        self.process(self.void(sequence=2))
        self.process(self.approved("C2", sequence=1, number="SC-7"))
        found = self.env["construction.resolver"]._records(
            self.platform.id, "commitment", [("number", "SC-7")], self.company.ids
        )
        order = self.order_of("C2")
        self.assertEqual(found, {("number", "SC-7"): (order._name, order.id)})

    def test_resumes_when_the_bill_is_gone(self):
        self.process(self.approved(sequence=1))
        bill = self.bill(self.order_of(), 10, post=False)
        event = self.void(sequence=2)
        self.apply(event)
        issue = self.assertParked(event["id"], "matching")
        bill.unlink()
        issue.action_resolve()
        self.drain()
        self.assertEqual(self.order_of().state, "cancel")

    def test_void_before_create(self):
        self.process(self.void(sequence=2))
        late = self.approved(sequence=1)
        self.apply(late)
        self.assertEqual(self.state(late["id"]), "superseded")
        newer = self.approved(sequence=3)
        self.apply(newer)
        self.assertParked(newer["id"], "inactive_target")
        self.assertFalse(self.order_of())

    def test_on_a_closed_job(self):
        self.process(self.approved(sequence=1))
        self.job.job_status = "closed"
        event = self.void(sequence=2)
        self.apply(event)
        self.assertParked(event["id"], "inactive_target")
        self.job.job_status = "completed"
        self.drain()
        self.assertEqual(self.order_of().state, "cancel")

    def test_a_void_frees_the_budget_for_who_waits(self):
        self.env.ref("construction_sync_base.policy_commitment").budget_check = "block"
        first = self.commitment_line(amount="100000.00")
        self.process(self.approved("C1", 1, lines=[first]))
        waiting = self.approved("C2", 1)
        self.apply(waiting)
        self.assertParked(waiting["id"], "budget")
        self.process(self.void("C1", 2))
        self.drain()
        self.assertEqual(self.state(waiting["id"]), "processed")


@tagged("post_install", "-at_install")
class TestClose(ChangeCase, TransactionCase):
    def given(self):
        super().given()
        lines = [
            self.commitment_line("1", "1000.00"),
            self.commitment_line("2", "500.00", cost_code="05-120"),
            self.commitment_line("3", "-100.00"),
        ]
        self.process(self.approved(sequence=1, lines=lines))
        self.order = self.order_of()

    def figures(self):
        totals = self.totals()
        return [totals[name] for name in ("committed", "billed", "open")]

    def test_final_releases_all_that_is_open(self):
        self.bill(self.order, 600, 200, 0)
        event = self.close("final", "600.00", "800.00", sequence=2)
        self.process(event)
        self.assertFalse(self.issues(event["id"]))
        self.assertEqual(
            (self.order.closed_state, str(self.order.closed_on)), ("final", "2026-03-31")
        )
        self.assertEqual(self.figures(), [800, 800, 0])
        self.assertEqual((self.order.open_amount, self.order.revised_amount), (0, 1400))
        self.assertEqual(self.order.state, "purchase")

    def test_another_amount_is_told(self):
        event = self.close("final", "1399.00", "1.00", sequence=2)
        self.process(event)
        issue = self.issues(event["id"])
        self.assertEqual((issue.category, issue.amount), ("matching", 1))
        self.assertEqual(self.order.open_amount, 0)

    def test_soft_releases_what_is_told(self):
        self.process(self.close("soft", "400.00", "1000.00", sequence=2))
        self.assertEqual(self.order.closed_state, "soft")
        self.assertEqual(self.figures(), [1000, 0, 1000])
        self.assertEqual(self.order.open_amount, 1000)
        self.bill(self.order, 300, 0, 0)
        self.assertEqual(self.figures(), [1000, 300, 700])

    def test_a_late_bill_takes_the_release_back(self):
        self.process(self.close("soft", "1400.00", "0.00", sequence=2))
        self.assertEqual(self.figures(), [0, 0, 0])
        self.bill(self.order, 250, 0, 0)
        self.assertEqual(self.figures(), [250, 250, 0])
        self.assertEqual(self.totals()["available"], 200000 - 250)

    def test_lines_that_cancel_each_other_are_released_too(self):
        lines = self.commitment_line("1", "700.00"), self.commitment_line("2", "-700.00")
        self.process(self.approved("C6", sequence=1, lines=list(lines)))
        self.process(self.close("soft", "0.00", external_id="C6", sequence=2))
        order = self.order_of("C6")
        self.assertEqual(order.order_line.mapped("released_amount"), [700, -700])
        self.bill(order, 100, 0)
        self.assertEqual(order.open_amount, 0)

    def test_an_order_that_starts_again_has_released_nothing(self):
        self.process(self.close("soft", "1400.00", "0.00", sequence=2))
        self.order.button_cancel()
        self.order.button_draft()
        self.order.button_confirm()
        self.assertEqual(self.figures(), [1400, 0, 1400])
        self.assertEqual(self.order.open_amount, 1400)

    def test_closed_takes_no_bill_and_no_change(self):
        self.process(self.close("final", "1400.00", "0.00", sequence=2))
        with self.assertRaisesRegex(Exception, "takes no more bills"):
            self.bill(self.order, 1, 1, 1)
        event = self.version(3, self.commitment_line("1", "2000.00"))
        self.apply(event)
        self.assertParked(event["id"], "inactive_target")

    def test_draft_bills_stop_the_final_close(self):
        bill = self.bill(self.order, 600, 200, 0, post=False)
        event = self.close("final", "600.00", "800.00", sequence=2)
        self.apply(event)
        issue = self.assertParked(event["id"], "matching")
        bill.action_post()
        issue.action_resolve()
        self.drain()
        self.assertEqual(self.figures(), [800, 800, 0])

    def test_a_credit_after_the_final_close_opens_nothing(self):
        bill = self.bill(self.order, 600, 200, 0)
        self.process(self.close("final", "600.00", "800.00", sequence=2))
        wizard = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=bill.ids)
            .create({"journal_id": bill.journal_id.id})
        )
        wizard.refund_moves()
        wizard.new_move_ids.action_post()
        self.assertEqual(self.figures(), [0, 0, 0])

    def test_before_its_commitment_and_before_its_approval(self):
        early = self.close(external_id="C9", released="1000.00", sequence=2)
        self.apply(early)
        self.assertParked(early["id"], "unmapped_reference")
        self.company.write({"po_double_validation": "two_step", "po_double_validation_amount": 5})
        self.process(self.approved("C9", sequence=1))
        self.drain()
        self.assertParked(early["id"], "approval")
        self.order_of("C9").button_approve()
        self.drain()
        self.assertEqual(self.state(early["id"]), "processed")
        self.assertEqual(self.order_of("C9").closed_state, "final")

    def test_cancelled_or_on_a_closed_job(self):
        self.job.job_status = "closed"
        event = self.close("final", "1400.00", sequence=2)
        self.apply(event)
        self.assertParked(event["id"], "inactive_target")
        self.job.job_status = "active"
        self.process(self.approved("C8", sequence=1))
        self.order_of("C8").button_cancel()
        event = self.close("final", "1000.00", external_id="C8", sequence=2)
        self.apply(event)
        self.assertParked(event["id"], "inactive_target")

    def test_with_tax_that_is_cost(self):
        line = self.commitment_line("1", "1000.00", tax_amount="80.00", tax_recoverable=False)
        self.process(self.approved("C7", sequence=1, lines=[line]))
        order = self.order_of("C7")
        self.assertEqual(order.open_amount, 1080)
        self.process(self.close("soft", "500.00", external_id="C7", sequence=2))
        self.assertEqual(order.open_amount, 540)
        self.assertEqual(order.order_line.released_amount, 540)
