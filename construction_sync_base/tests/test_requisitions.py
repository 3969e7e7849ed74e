"""requisition.approved: requests for quotation by vendor, coded and held against the budget."""

from odoo.tests import TransactionCase, tagged

from .common import SyncCase


@tagged("post_install", "-at_install")
class TestRequisitions(SyncCase, TransactionCase):
    def given(self):
        super().given()
        self.job = self.setup_job(budget="1000.00")
        self.policy = self.env.ref("construction_sync_base.policy_requisition")

    def line_of(self, line_id="1", **over):
        return {
            "line_id": line_id,
            "cost_code": "03-300",
            "cost_type": "material",
            "description": f"Rebar {line_id}",
            "quantity": "10",
            "uom": "ea",
            "estimated_unit_cost": "12.50",
            **over,
        }

    def requisition(self, *lines, sequence=None, **over):
        data = {
            "external_id": "RQ1",
            "number": "R-100",
            "job": "J1",
            "vendor": "V1",
            "needed_by": "2026-05-01",
            "lines": list(lines) or [self.line_of()],
            **over,
        }
        data = {name: value for name, value in data.items() if value is not None}
        return self.event("requisition.approved", data=data, sequence=sequence)

    def orders(self):
        return self.env["purchase.order"].search([("requisition_number", "=", "R-100")])

    def test_a_request_for_quotation(self):
        self.process(self.requisition())
        order = self.orders()
        self.assertEqual((order.state, order.origin), ("draft", "R-100"))
        self.assertEqual(order.partner_id, self.bound("vendor", "V1"))
        line = order.order_line
        self.assertEqual((line.product_qty, line.price_unit, line.sov_method), (10, 12.5, "unit"))
        self.assertEqual(str(line.date_planned.date()), "2026-05-01")
        coding = self.env["construction.coding"]._read_distribution([line.analytic_distribution])
        self.assertEqual((coding[0]["job"], coding[0]["cost_code"].code), (self.job, "03-300"))
        self.assertEqual(self.bound("requisition", "RQ1"), order)

    def test_it_counts_as_pending(self):
        self.process(self.requisition())
        figures = self.env["construction.job.cost"]._totals(self.job)[self.job.id]
        self.assertEqual((figures["pending"], figures["available"]), (125, 875))
        self.orders().button_cancel()
        figures = self.env["construction.job.cost"]._totals(self.job)[self.job.id]
        self.assertEqual((figures["pending"], figures["available"]), (0, 1000))

    def test_confirmed_it_counts_once(self):
        self.process(self.requisition(self.line_of(quantity="80")))
        order = self.orders()
        order.button_confirm()
        self.assertEqual((order.state, order.budget_reason), ("purchase", False))
        figures = self.env["construction.job.cost"]._totals(self.job)[self.job.id]
        self.assertEqual((figures["pending"], figures["open"]), (0, 1000))

    def test_by_vendor_of_the_product(self):
        """Without a vendor each line goes to whom its product is bought from."""
        sellers = self.env["res.partner"].create([{"name": "Steel"}, {"name": "Timber"}])
        for number, seller in enumerate(sellers):
            product = self.env["product.product"].create(
                {
                    "name": seller.name,
                    "type": "consu",
                    "default_code": f"P{number}",
                    "seller_ids": [(0, 0, {"partner_id": seller.id, "price": 1})],
                }
            )
            self.assertTrue(product)
        lines = [self.line_of(str(n), product={"code": f"P{n % 2}"}) for n in range(3)]
        self.process(self.requisition(*lines, vendor=None))
        found = {order.partner_id: len(order.order_line) for order in self.orders()}
        self.assertEqual(found, {sellers[0]: 2, sellers[1]: 1})

    def test_nobody_to_ask(self):
        event = self.requisition(vendor=None)
        self.apply(event)
        self.assertParked(event["id"], "unmapped_reference")
        self.assertFalse(self.orders())

    def test_a_newer_version(self):
        self.process(self.requisition(self.line_of("1"), self.line_of("2"), sequence=1))
        order = self.orders()
        self.process(self.requisition(self.line_of("1", quantity="4"), sequence=2))
        self.assertEqual(self.orders(), order)
        self.assertEqual((len(order.order_line), order.order_line.product_qty), (1, 4))
        order.button_confirm()
        event = self.requisition(self.line_of("1", quantity="5"), sequence=3)
        self.apply(event)
        self.assertParked(event["id"], "matching")
        self.assertEqual(order.order_line.product_qty, 4)

    def test_over_budget(self):
        event = self.requisition(self.line_of(quantity="100"))
        self.process(event)
        issue = self.issues(event["id"])
        self.assertEqual((issue.category, issue.amount, issue.blocking), ("budget", 250, False))

    def test_over_budget_and_blocked(self):
        self.policy.budget_check = "block"
        event = self.requisition(self.line_of(quantity="100"))
        self.apply(event)
        issue = self.assertParked(event["id"], "budget")
        self.assertFalse(self.orders())
        issue.action_approve_overrun("Needed now")
        self.drain()
        self.assertEqual((self.state(event["id"]), len(self.orders())), ("processed", 1))

    def test_an_order_by_policy(self):
        self.policy.order_requisitions = True
        self.process(self.requisition())
        order = self.orders()
        self.assertEqual((order.state, order.original_amount), ("purchase", 125))

    def test_rental_and_stock(self):
        self.process(self.requisition(fulfil_from="rental"))
        self.assertEqual(self.orders().commitment_type, "rental")
        event = self.requisition(fulfil_from="stock", external_id="RQ2", number="R-2")
        self.apply(event)
        self.assertParked(event["id"], "unmapped_reference")  # which item of the stock?

    def test_without_an_estimate(self):
        self.process(self.requisition(self.line_of(estimated_unit_cost=None)))
        self.assertEqual(self.orders().order_line.price_unit, 0)

    def test_form(self):
        for category, over in (
            ("schema", {"lines": []}),
            ("schema", {"number": None}),
            ("amount", {"lines": [self.line_of(quantity="-1")]}),
            ("unmapped_reference", {"lines": [self.line_of(cost_code="99-999")]}),
        ):
            data = {"external_id": self.unique("F"), "number": "F", "job": "J1", "vendor": "V1"}
            data |= {"lines": [self.line_of()]} | over
            data = {name: value for name, value in data.items() if value is not None}
            event = self.event("requisition.approved", data=data)
            self.apply(event)
            self.assertParked(event["id"], category)
