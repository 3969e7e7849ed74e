"""receipt.recorded: what came of an order, by quantity or by value."""

from datetime import date

from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged

from .common import SyncCase


class ReceiptCase(SyncCase):
    def given(self):
        super().given()
        self.job = self.setup_job()
        unit = {"pricing": "unit", "quantity": "10", "uom": "ea", "unit_cost": "5.00"}
        lines = [
            self.commitment_line("1", "10000.00"),
            self.commitment_line("2", "50.00", **unit),
        ]
        data = self.commitment_data(lines=lines)
        self.process(self.event("commitment.approved", data=data, sequence=1))
        self.ordered = self.bound("commitment", "C1")
        self.lump, self.unit = self.ordered.order_line

    def receipt(self, *lines, external_id=None, **over):
        external_id = external_id or self.unique("R")
        return self.event(
            "receipt.recorded",
            data={
                "external_id": external_id,
                "number": f"DN-{external_id}",
                "kind": "receipt",
                "commitment": "C1",
                "date": "2026-03-20",
                "lines": list(lines),
                **over,
            },
        )

    def value(self, amount):
        return {"commitment_line_id": "1", "amount": amount}

    def pieces(self, quantity, **over):
        return {"commitment_line_id": "2", "quantity": quantity, **over}

    def refused(self, category, *lines, **over):
        event = self.receipt(*lines, **over)
        before = (self.lump.qty_received, self.unit.qty_received)
        self.apply(event)
        issues = self.assertParked(event["id"], category)
        self.assertEqual((self.lump.qty_received, self.unit.qty_received), before)
        return issues


@tagged("post_install", "-at_install")
class TestReceipts(ReceiptCase, TransactionCase):
    def test_partial(self):
        self.process(
            self.receipt(
                self.value("2500.50"),
                self.pieces("4", rejected_quantity="1", lot="H-7"),
                external_id="R1",
                packing_slip="PS-9",
                received_by={"name": "Sam"},
            )
        )
        self.assertEqual((self.lump.qty_received, self.unit.qty_received), (2500.5, 4))
        self.assertEqual(self.ordered.received_amount, 2520.5)
        receipt = self.bound("receipt", "R1")
        self.assertEqual((receipt.number, receipt.packing_slip), ("DN-R1", "PS-9"))
        self.assertEqual((receipt.received_by, receipt.amount), ("Sam", 2520.5))
        self.assertEqual(receipt.line_ids[1].rejected_quantity, 1)
        self.assertEqual(receipt.line_ids[1].lot, "H-7")
        self.process(self.receipt(self.pieces("3.5")))
        self.assertEqual(self.unit.qty_received, 7.5)

    def test_figures_of_deliveries(self):
        self.process(self.receipt(self.value("2500.00"), self.pieces("12")))
        self.assertEqual((self.lump.not_received_amount, self.lump.not_billed_amount), (7500, 2500))
        self.assertEqual((self.unit.not_received_amount, self.unit.over_received_amount), (0, 10))
        late = self.env["purchase.order.line"].search(
            [("date_planned", "<", "2030-01-01"), ("not_received_amount", ">", 0),
             ("order_id", "=", self.ordered.id)]
        )  # fmt: skip
        self.assertEqual(late, self.lump)

    def test_over(self):
        event = self.receipt(self.pieces("12"))
        self.process(event)
        issue = self.issues(event["id"])
        self.assertEqual((issue.category, issue.blocking, issue.amount), ("matching", False, 10))
        self.assertEqual(self.unit.qty_received, 12)

    def test_return(self):
        self.process(self.receipt(self.pieces("6")))
        self.process(self.receipt(self.pieces("2"), kind="return"))
        self.assertEqual(self.unit.qty_received, 4)
        self.refused("matching", self.pieces("5"), kind="return")

    def test_a_voided_receipt_leaves_nothing_to_accrue(self):
        """10 pieces of January that never came, told in April: January has nothing to accrue.
        Once it is locked it stays as it is, and they are taken back when it was told."""

        def unbilled():
            return self.env["construction.job.cost"]._unbilled_of(self.unit, date(2026, 1, 31))

        def received(external_id):
            pieces = self.pieces("10")
            self.process(self.receipt(pieces, external_id=external_id, date="2026-01-15"))
            self.assertEqual(unbilled(), {self.unit.id: ("receipt", 50)})
            return self.bound("receipt", external_id)

        def void(external_id):
            data = {"external_id": external_id, "date": "2026-04-02", "reason": "mistake"}
            self.process(self.event("receipt.voided", data=data))

        receipt = received("R1")
        void("R1")
        self.assertEqual((receipt.voided_by_ids.date, unbilled()), (receipt.date, {}))
        receipt = received("R2")
        self.env["construction.period"].create({"month": "2026-01-01"})._go("locked")
        void("R2")
        self.assertEqual(str(receipt.voided_by_ids.date), "2026-04-02")
        self.assertEqual(unbilled(), {self.unit.id: ("receipt", 50)})

    def test_a_return_that_comes_first(self):
        """It waits for the receipt that it takes back."""
        event = self.receipt(self.pieces("2"), kind="return")
        self.apply(event)
        self.assertParked(event["id"], "matching")
        self.process(self.receipt(self.pieces("6")))
        self.drain()
        self.assertEqual((self.state(event["id"]), self.unit.qty_received), ("processed", 4))

    def test_two_of_one_line_in_a_batch(self):
        self.process(*[self.receipt(self.pieces("3")) for _number in range(3)])
        self.assertEqual(self.unit.qty_received, 9)

    def test_a_movement_adds_once(self):
        self.process(self.receipt(self.pieces("3"), external_id="R1"))
        self.refused("duplicate", self.pieces("3"), external_id="R1")

    def test_form(self):
        self.refused("amount", {"commitment_line_id": "1", "quantity": "3"})
        self.refused("amount", {"commitment_line_id": "2", "amount": "15.00"})
        self.refused("amount", self.pieces("-1"))
        self.refused("schema")
        self.refused("unmapped_reference", {"commitment_line_id": "9", "quantity": "1"})
        self.refused("unmapped_reference", self.pieces("1"), commitment="C9")

    def test_closed(self):
        self.ordered._close_commitment("final", "2026-03-01")
        self.refused("inactive_target", self.pieces("1"))

    def test_the_job_takes_no_cost(self):
        self.job.job_status = "closed"
        event = self.receipt(self.pieces("1"))
        self.apply(event)
        self.assertParked(event["id"], "inactive_target")
        self.job.job_status = "active"
        self.drain()
        self.assertEqual((self.state(event["id"]), self.unit.qty_received), ("processed", 1))

    def test_evidence(self):
        self.process(self.receipt(self.pieces("3"), external_id="R1"))
        receipt = self.bound("receipt", "R1").sudo()
        for act in (
            lambda: receipt.write({"date": "2026-01-01"}),
            lambda: receipt.line_ids.write({"quantity": 5}),
            lambda: receipt.unlink(),
        ):
            with self.assertRaises(UserError), self.cr.savepoint():
                act()

    def test_goods_by_stock_moves(self):
        """A product that Odoo receives by transfers is received by its transfer."""
        goods = self.env["product.product"].create({"name": "Anchor bolts", "type": "consu"})
        self.env["construction.crosswalk"].create(
            {
                "kind": "product",
                "external_value": "BOLT",
                "res_model": "product.product",
                "res_id": goods.id,
                "company_id": self.company.id,
            }
        )
        line = self.commitment_line("1", "50.00", product="BOLT", pricing="unit", quantity="10",
                                    uom="ea", unit_cost="5.00")  # fmt: skip
        data = self.commitment_data("C2", lines=[line])
        self.process(self.event("commitment.approved", data=data, sequence=1))
        order_line = self.bound("commitment", "C2").order_line
        self.assertEqual(order_line.qty_received_method, "stock_moves")
        receipt = {"commitment_line_id": "1", "quantity": "4"}
        self.process(self.receipt(receipt, commitment="C2"))
        self.assertEqual(order_line.qty_received, 4)
        self.process(self.receipt(receipt | {"quantity": "6"}, commitment="C2"))
        self.assertEqual(order_line.qty_received, 10)
        self.refused("matching", receipt, commitment="C2", kind="return")
        self.assertEqual(order_line.qty_received, 10)
