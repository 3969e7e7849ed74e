"""X18: material through stock. The job bears it on the day of issue, once, by the ledger."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import Form, TransactionCase, tagged

from .domain import DomainCase


@tagged("post_install", "-at_install")
class TestStockIssues(DomainCase, TransactionCase):
    def given(self):
        super().given()
        self.budget(100000)
        Account = self.env["account.account"]
        self.stock, self.variation, self.use = Account.create(
            [
                {"name": "Stock", "code": "110801", "account_type": "asset_current"},
                {"name": "Price differences", "code": "510801", "account_type": "expense"},
                {"name": "Site use", "code": "510802", "account_type": "expense_direct_cost"},
            ]
        )
        self.stock.account_stock_variation_id = self.variation
        category = self.env["product.category"].create(
            {
                "name": "Steel",
                "property_valuation": "real_time",
                "property_cost_method": "average",
                "property_stock_valuation_account_id": self.stock.id,
            }
        )
        self.rebar = self.env["product.product"].create(
            {"name": "Rebar", "is_storable": True, "categ_id": category.id,
             "purchase_method": "receive"}
        )  # fmt: skip
        self.warehouse = self.env["stock.warehouse"].search(
            [("company_id", "=", self.company.id)], limit=1
        )
        self.site = self.env["stock.location"].create(
            {"name": "Used on jobs", "usage": "production", "valuation_account_id": self.use.id}
        )
        self.mapped = Account.browse(
            self.env["construction.account.map"]._cost_account_id(
                self.company, "material", self.job
            )
        )
        self.day = fields.Date.today() - timedelta(days=40)

    def received(self, quantity=10, price=100):
        """An order for the stock, of no job, and its receipt."""
        order = self.env["purchase.order"].create(
            {
                "partner_id": self.vendor.id,
                "order_line": [
                    Command.create(
                        {"product_id": self.rebar.id, "product_qty": quantity,
                         "price_unit": price, "tax_ids": [Command.clear()]}
                    )
                ],
            }
        )  # fmt: skip
        order.button_confirm()
        order.picking_ids.button_validate()
        return order

    def issue(self, quantity=6, day=None, validate=True, **over):
        picking = self.env["stock.picking"].create(
            {
                "picking_type_id": self.warehouse.int_type_id.id,
                "location_id": self.warehouse.lot_stock_id.id,
                "location_dest_id": self.site.id,
                "construction_issue_date": day or self.day,
                "move_ids": [
                    Command.create(
                        {
                            "product_id": self.rebar.id,
                            "product_uom_qty": quantity,
                            "location_id": self.warehouse.lot_stock_id.id,
                            "location_dest_id": self.site.id,
                            "construction_job_id": self.job.id,
                            "cost_code_id": self.code.id,
                            "cost_type_id": self.material.id,
                        }
                        | over
                    )
                ],
            }
        )
        picking.action_confirm()
        picking.move_ids.quantity = quantity
        picking.move_ids.picked = True
        if validate:
            picking.button_validate()
            self.assertEqual(picking.state, "done")
        return picking

    def items(self, picking):
        entry = picking.move_ids.account_move_id
        return {(line.account_id, line.balance) for line in entry.line_ids}

    def test_x18_the_day_of_issue_with_its_coding(self):
        self.received()
        self.assertFigures(actual=0, committed=0, open=0)
        picking = self.issue()
        entry = picking.move_ids.account_move_id
        self.assertEqual((entry.state, entry.date), ("posted", self.day))
        self.assertEqual(self.items(picking), {(self.mapped, 600), (self.stock, -600)})
        cost = entry.line_ids.filtered("analytic_distribution")
        self.assertEqual((cost.account_id, cost.analytic_distribution), (self.mapped, self.key()))
        self.assertEqual(cost.analytic_line_ids.mapped("amount"), [-600])
        self.assertEqual(cost.analytic_line_ids.date, self.day)
        self.assertFigures(actual=600, available=99400)
        self.env.flush_all()
        ledger = self.env["construction.job.ledger"].search([("job_id", "=", self.job.id)])
        self.assertEqual((ledger.ledger_amount, ledger.difference), (600, 0))

    def test_x17_bill_of_the_stock_and_issue_cost_the_job_once(self):
        """Received 10 and billed 1,000 for the stock, 6 issued: 600, where native made 1,600."""
        order = self.received()
        bill = self.bill(order)
        self.assertFalse(bill.line_ids.filtered("analytic_distribution"))
        if "analytic_costs" in self.warehouse.int_type_id._fields:
            self.warehouse.int_type_id.analytic_costs = True
        self.issue()
        self.assertFigures(actual=600, committed=0, billed=0)
        self.assertEqual(
            sum(self.env["account.move.line"].search(
                [("account_id", "=", self.stock.id), ("parent_state", "=", "posted")]
            ).mapped("balance")),
            400,
        )  # fmt: skip

    def test_one_product_for_two_codes_stays_two_issues(self):
        """Odoo merges moves of one product when the transfer is confirmed: 6 and 4 would be 10
        on the first code. What has the same coding may be merged."""
        self.received()
        picking = self.issue(6, validate=False)
        move = picking.move_ids
        for quantity, code in ((3, self.other_code), (1, self.code)):
            move.copy({"product_uom_qty": quantity, "cost_code_id": code.id, "quantity": 0})
        picking.action_confirm()
        self.assertEqual(
            {(one.cost_code_id, one.product_uom_qty) for one in picking.move_ids},
            {(self.code, 7), (self.other_code, 3)},
        )
        for one in picking.move_ids:
            one.quantity, one.picked = one.product_uom_qty, True
        picking.button_validate()
        self.assertFigures(actual=700)
        self.assertFigures(self.other_code, actual=300)

    def test_who_keeps_the_stock_issues_it(self):
        """A stock user without any role of the jobs sees job, code and day, and validates."""
        self.received()
        self.process(self.requisition(sequence=1))
        keeper = self.make_user("stock-keeper")
        keeper.group_ids = self.env.ref("stock.group_stock_user")
        picking = self.asked().with_user(keeper)
        with Form(picking) as form:
            form.construction_issue_date = self.day
            self.assertTrue(form.is_job_issue, "its columns are shown")
            with form.move_ids.edit(0) as move:
                self.assertEqual(move.construction_job_id, self.job)
                self.assertEqual((move.cost_code_id, move.cost_type_id),
                                 (self.code, self.material))  # fmt: skip
                move.quantity = 4
        picking.move_ids.picked = True
        picking.button_validate()
        self.assertEqual(picking.state, "done")
        self.assertEqual(self.asked().move_ids.account_move_id.date, self.day)
        self.assertFigures(actual=400)
        keeper.group_ids |= self.env.ref("stock.group_stock_multi_locations")
        with Form(self.env["stock.picking"].with_user(keeper)) as form:
            form.picking_type_id = self.warehouse.int_type_id
            self.assertFalse(form.is_job_issue)
            form.location_dest_id = self.site
            self.assertTrue(form.is_job_issue, "material for jobs goes there")

    def test_a_return_comes_back_at_the_cost_of_its_issue(self):
        self.received()
        picking = self.issue()
        self.received(price=300)  # the average is 228.57 now
        wizard = (
            self.env["stock.return.picking"]
            .with_context(active_id=picking.id, active_ids=picking.ids,
                          active_model="stock.picking")
            .create({})
        )  # fmt: skip
        wizard.product_return_moves.quantity = 2
        back = self.env["stock.picking"].browse(wizard.action_create_returns()["res_id"])
        self.assertEqual(back.move_ids.construction_job_id, self.job)
        back.construction_issue_date = self.day + timedelta(days=1)
        back.move_ids.picked = True
        back.button_validate()
        self.assertEqual(self.items(back), {(self.mapped, -200), (self.stock, 200)})
        self.assertEqual(back.move_ids.account_move_id.date, self.day + timedelta(days=1))
        self.assertFigures(actual=400)

    def test_a_later_price_is_a_difference_of_the_stock(self):
        """Billed at 130 after 6 were issued at 100: the job keeps 600, the variation account
        gets what the 6 would have cost more."""
        order = self.received()
        self.issue()
        order.action_create_invoice()
        bill = order.invoice_ids
        bill.invoice_date = fields.Date.today()
        bill.invoice_line_ids.price_unit = 130
        bill.action_post()
        self.assertFigures(actual=600)
        self.company.action_close_stock_valuation(auto_post=True)
        items = self.env["account.move.line"].search(
            [("account_id", "=", self.variation.id), ("parent_state", "=", "posted")]
        )
        self.assertEqual(sum(items.mapped("balance")), 180)
        self.assertFalse(items.filtered("analytic_distribution"))
        self.assertFigures(actual=600)

    def test_what_could_not_cost_the_job_right_does_not_leave(self):
        self.received()
        other = self.env["stock.location"].create({"name": "Nowhere", "usage": "production"})
        cases = {
            "names its job, cost code": {"cost_code_id": False},
            "neither location has a valuation account": {"location_dest_id": other.id},
        }
        for message, over in cases.items():
            picking = self.issue(validate=False, **over)
            with self.assertRaisesRegex(UserError, message), self.cr.savepoint():
                picking.button_validate()
            self.assertFalse(picking.move_ids.account_move_id)
        ahead = self.issue(validate=False, day=fields.Date.today() + timedelta(days=1))
        with self.assertRaisesRegex(UserError, "lies ahead"), self.cr.savepoint():
            ahead.button_validate()
        self.rebar.categ_id.property_valuation = "periodic"
        picking = self.issue(validate=False)
        with self.assertRaisesRegex(UserError, "perpetual"), self.cr.savepoint():
            picking.button_validate()
        self.rebar.categ_id.property_valuation = "real_time"
        material = self.env["construction.account.map"].search(
            [("company_id", "=", self.company.id), ("category", "=", "material")]
        )
        with self.cr.savepoint() as savepoint:
            material.unlink()
            with self.assertRaisesRegex(UserError, "no account for Material"):
                picking.button_validate()
            savepoint.rollback()
        self.env.invalidate_all()
        self.env.registry.clear_cache()
        period = self.env["construction.period"].create({"month": self.day.replace(day=1)})
        for _step in range(4):
            period.action_advance()
        with self.assertRaisesRegex(UserError, "is locked in"), self.cr.savepoint():
            self.issue()
        self.assertFigures(actual=0)
        abroad = self.make_job("26-940", company_id=self.make_company("Stock Second").id)
        with self.assertRaises(UserError):
            self.issue(validate=False, construction_job_id=abroad.id)

    # ---------------------------------------------------------- requisitions
    def requisition(self, quantity="4", fact="approved", sequence=None, **over):
        self.rebar.default_code = "RB-12"
        data = {
            "external_id": "RQ-S", "number": "R-S", "job": {"number": "26-100"},
            "fulfil_from": "stock", "needed_by": "2026-12-01",
            "lines": [
                {"line_id": "1", "cost_code": "03-300", "cost_type": "material",
                 "product": {"code": "RB-12"}, "description": "Dowels", "quantity": quantity}
            ],
        }  # fmt: skip
        if fact == "voided":
            data = {
                "external_id": "RQ-S",
                "date": "2026-11-20",
                "reason": "Not needed",
                "by": "Ann",
            }
        return self.event(f"requisition.{fact}", data=data | over, sequence=sequence)

    def asked(self):
        return self.env["stock.picking"].search([("origin", "=", "R-S"), ("state", "!=", "cancel")])

    def validate(self, picking):
        picking.construction_issue_date = self.day
        picking.move_ids.quantity = picking.move_ids.product_uom_qty
        picking.move_ids.picked = True
        picking.button_validate()

    def test_requested_and_issued(self):
        self.received()
        self.process(self.requisition(sequence=1))
        picking = self.asked()
        self.assertEqual(self.bound("requisition", "RQ-S"), picking)
        self.assertEqual((picking.location_id, picking.location_dest_id),
                         (self.warehouse.lot_stock_id, self.site))  # fmt: skip
        self.assertFigures(actual=0, open=0, pending=0)
        self.validate(picking)
        self.assertEqual(self.items(picking), {(self.mapped, 400), (self.stock, -400)})
        self.assertFigures(actual=400)

    def test_a_newer_version_until_it_is_issued(self):
        self.received()
        self.process(self.requisition(sequence=1))
        self.process(self.requisition("5", sequence=2))
        self.assertEqual(self.asked().move_ids.product_uom_qty, 5)
        self.validate(self.asked())
        event = self.requisition("6", sequence=3)
        self.apply(event)
        self.assertParked(event["id"], "matching")
        self.assertFigures(actual=500)

    def test_a_newer_version_that_waits_leaves_the_warehouse_its_transfer(self):
        self.received()
        self.process(self.requisition(sequence=1))
        picking = self.asked()
        self.assertEqual(picking.state, "assigned")
        unknown = self.requisition()["data"]["lines"][0] | {"cost_code": "99-999"}
        for sequence, category, over in (
            (2, "unmapped_reference", {"lines": [unknown]}),
            (3, "inactive_target", {"fulfil_from": None}),  # bought for the job it costs twice
        ):
            event = self.requisition(sequence=sequence, **over)
            self.apply(event)
            self.assertParked(event["id"], category)
            self.assertEqual((self.asked(), picking.state), (picking, "assigned"))
        self.process(self.requisition("5", sequence=4))
        self.assertEqual(picking.state, "cancel")
        self.assertEqual(self.asked().move_ids.product_uom_qty, 5)

    def test_voided_before_it_is_issued(self):
        self.process(self.requisition(sequence=1))
        self.process(self.requisition(fact="voided", sequence=2))
        self.assertFalse(self.asked())

    def test_bought_after_all(self):
        self.process(self.requisition(sequence=1))
        line = {"line_id": "1", "cost_code": "03-300", "cost_type": "material",
                "description": "Dowels", "quantity": "4", "estimated_unit_cost": "9"}  # fmt: skip
        self.process(self.event("vendor.upserted", data=self.vendor_data("V9"), sequence=1))
        self.process(self.requisition(sequence=2, fulfil_from=None, vendor="V9", lines=[line]))
        self.assertFalse(self.asked())
        self.assertEqual(self.bound("requisition", "RQ-S")._name, "purchase.order")

    def test_what_the_stock_does_not_keep(self):
        self.rebar.is_storable = False
        event = self.requisition(sequence=1)
        self.apply(event)
        self.assertParked(event["id"], "inactive_target")

    def test_nowhere_to_consume_it(self):
        self.site.active = False
        event = self.requisition(sequence=1)
        self.apply(event)
        self.assertParked(event["id"], "unmapped_reference")
