"""What the total "Not in the books" of a month adds up: each cost once, credits off."""

from datetime import date

from odoo.tests import TransactionCase, tagged

from .test_month_end import IN_MAY, JUNE, MAY, MonthEndCase


@tagged("post_install", "-at_install")
class TestCountedOnce(MonthEndCase, TransactionCase):
    def given(self):
        super().given()
        self.budget()
        self.ordered = self.order(self.line(10000), confirm=True)
        self.ordered.order_line.qty_received = 6000

    def assertTotal(self, expected, **counted):
        """The total of the month, and what the lines named bring of it."""
        rows = self.checks()
        self.assertEqual({key: rows[key].counted_amount for key in counted}, counted)
        self.assertEqual(self.period.browse(self.period.id).open_amount, expected)

    def waiting(self, order=None, amount=6000):
        """A draft bill of Finance that waits for its release."""
        self.by_hand()
        bill = self.bill(order or self.ordered, amount, date=IN_MAY, post=False)
        bill.ref = self.unique("INV-")
        bill.with_user(self.finance).action_post()
        self.assertEqual(bill.release_state, "to_release")
        return bill

    def test_a_draft_bill_of_what_was_received(self):
        bill = self.bill(self.ordered, 4000, date=IN_MAY, post=False)
        self.assertOpen("received", self.ordered.order_line, 6000)
        self.assertOpen("drafts", bill, 4000)
        self.assertTotal(6000, received=2000, drafts=4000)
        bill.invoice_line_ids.quantity = 7000  # more than was received
        self.assertTotal(7000, received=0, drafts=7000)
        bill.auto_post = "at_date"  # by Odoo on its day: in no line, so it takes nothing off
        self.assertTotal(6000, received=6000, drafts=0)
        bill.write({"auto_post": "no", "date": JUNE})
        self.assertTotal(6000, received=6000, drafts=0)

    def test_a_waiting_bill_that_is_on_hold(self):
        bill = self.waiting()
        self.assertTotal(6000, received=0, gate_supplier_invoice=6000)
        self.env["construction.hold"]._place(bill, "dispute", "Wrong crew")
        self.assertOpen("gate_supplier_invoice", bill, 6000)
        self.assertOpen("holds", bill, 6000)
        self.assertTotal(6000, received=0, holds=6000, gate_supplier_invoice=0)

    def test_credits_take_off(self):
        order = self.order(self.line(3000), confirm=True)
        self.ordered.order_line.qty_received = 0
        self.bill(order, 1000, date=IN_MAY, post=False)
        credit = self.env["account.move"].create({
            "move_type": "in_refund", "partner_id": self.vendor.id, "date": IN_MAY,
            "invoice_date": IN_MAY, "ref": "CN-1",
            "invoice_line_ids": [(0, 0, {
                "name": "Back", "account_id": self.expense.id, "price_unit": 400,
                "analytic_distribution": self.key(), "tax_ids": False})],
        })  # fmt: skip
        self.assertTotal(600, drafts=600)
        self.env["construction.hold"]._place(credit, "dispute", "Which delivery?")
        self.assertTotal(600, drafts=1000, holds=-400)

    def test_what_waits_at_the_gate_takes_off_too(self):
        self.by_hand()
        self.ordered.order_line.qty_received = 0
        credit = self.bill(self.ordered, 400, date=IN_MAY, post=False)
        credit.write({"ref": "CN-2"})
        credit.action_switch_move_type()
        credit.with_user(self.finance).action_post()
        self.assertOpen("gate_supplier_invoice", credit, -400)
        self.assertTotal(-400, gate_supplier_invoice=-400)

    def test_only_what_books_cost_is_worth_something(self):
        """An order that waits keeps no cost out of the books."""
        self.ordered.order_line.qty_received = 0
        lines = [self.commitment_line(amount="500000.00")]
        lost = self.event("commitment.approved", data=self.commitment_data(
            "L1", job="nowhere", date=IN_MAY, lines=lines), sequence=1)  # fmt: skip
        self.apply(lost)
        self.assertParked(lost["id"], "unmapped_reference")
        self.assertOpen("events", self.stored(lost["id"]))
        self.assertTotal(0)

    def invoice(self, external_id, amount="5000.00", **over):
        """An invoice that waits, since nobody knows its vendor."""
        event = self.event("supplier_invoice.received", data={
            "external_id": external_id, "kind": "invoice", "number": f"INV-{external_id}",
            "vendor": "nobody", "date": IN_MAY, "currency": self.company.currency_id.name,
            "amount_untaxed": amount, "amount_tax": "0.00", "amount_total": amount,
            "lines": [{"description": "Rebar", "amount": amount, "commitment_line_id": "1"}],
            **over,
        }, sequence=1)  # fmt: skip
        self.apply(event)
        self.assertEqual(self.state(event["id"]), "parked")
        return self.stored(event["id"])

    def test_credit_notes_and_prepayments_that_wait(self):
        self.ordered.order_line.qty_received = 0
        credit = self.invoice("N1", "400.00", kind="credit_note")
        self.assertOpen("events", credit, -400)
        advance = self.invoice("N2", "900.00", kind="prepayment")  # an asset, no cost
        self.assertOpen("events", credit | advance, -400)
        self.assertTotal(-400)

    def test_an_invoice_of_what_was_received(self):
        """What waits of a commitment and what is in place of it are the same cost."""
        self.ordered.order_line.qty_received = 0
        self.setup_job()
        lines = [self.commitment_line(amount="10000.00"), self.commitment_line("2", "500.00")]
        data = self.commitment_data(lines=lines)
        self.process(self.event("commitment.approved", data=data, sequence=1))
        order = self.bound("commitment", "C1")
        event = self.invoice("I1", commitment="C1")
        self.assertTotal(5000, events=5000)
        order.order_line[0].qty_received = 8000
        self.assertOpen("events", event, 5000)
        self.assertOpen("received", order.order_line[0], 8000)
        self.assertTotal(8000, events=5000, received=3000)
        order.order_line[1].qty_received = 200  # another line
        self.assertTotal(8200, events=5000, received=3200)
        self.bill(order, 1000, 0, date=IN_MAY, post=False)
        self.assertTotal(8200, events=5000, drafts=1000, received=2200)
        self.invoice("I2", "2500.00", commitment={"number": "PO-C1"})
        self.invoice("I3", "100.00", kind="credit_note", commitment="C1")
        self.assertTotal(8600, events=7400, drafts=1000, received=200)

    def test_an_invoice_of_a_commitment_with_one_line(self):
        self.ordered.order_line.qty_received = 0
        self.setup_job()
        data = self.commitment_data(lines=[self.commitment_line(amount="10000.00")])
        self.process(self.event("commitment.approved", data=data, sequence=1))
        self.bound("commitment", "C1").order_line.qty_received = 6000
        self.invoice("I1", lines=[{"description": "All", "amount": "5000.00", "commitment": "C1"}])
        self.assertTotal(6000, events=5000, received=1000)

    def test_a_successor_covers_what_it_adds(self):
        """The accrual that a draft replaces is in the books: it covers nothing twice."""
        first = self.accrual(self.coded(amount=2000, purchase_line_id=self.ordered.order_line.id))
        first.action_submit()
        first.with_user(self.finance).action_release()
        self.assertOpen("not_proposed", self.ordered.order_line, 4000)
        draft = self.env["construction.accrual"]._at_the_gate().create({
            "month": MAY, "replaces_id": first.id,
            "line_ids": [(0, 0, self.coded(
                amount=5000, purchase_line_id=self.ordered.order_line.id))],
        }).with_env(self.env)  # fmt: skip
        self.assertOpen("not_proposed", self.ordered.order_line, 1000)
        draft.month = JUNE  # its release takes May's back, and brings nothing for May
        self.assertOpen("not_proposed", self.ordered.order_line, 6000)
        june = self.checks(self.env["construction.period"].create({"month": JUNE}))
        self.assertEqual(june["not_proposed"].amount, 1000, "May's was never June's")
        draft.month = MAY
        correction = self.env["construction.correction"]._propose(
            first.sudo(), "void", "Wrong", date(2026, 5, 31)
        )
        correction.with_user(self.controller).action_release()
        self.assertEqual(first.state, "undone")
        self.assertOpen("not_proposed", self.ordered.order_line, 1000)
