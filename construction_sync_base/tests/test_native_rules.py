"""The rules for native orders of a job, for every user and path."""

from odoo import fields
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import Form, TransactionCase, tagged

from .domain import DomainCase


class RuleCase(DomainCase):
    def given(self):
        super().given()
        self.budget(100000)
        self.order1 = self.order(self.line(1000), self.line(500), confirm=True)
        self.users = [
            self.env.user,
            self.make_user("rule-manager", "project_manager"),
            self.make_user("rule-finance", "finance"),
            self.platform.service_user_id,
        ]

    def assertRefusedToAll(self, name, act):
        """`act(env)` is refused whoever tries."""
        for user in self.users:
            with self.assertRaises(UserError, msg=f"{name} as {user.name}"), self.cr.savepoint():
                act(self.env(user=user))
                self.env.flush_all()
            self.env.invalidate_all()


@tagged("post_install", "-at_install")
class TestFrozen(RuleCase, TransactionCase):
    """What a confirmed order says changes only through `_apply_change`."""

    def test_lines(self):
        line = self.order1.order_line[0]
        euro = self.env["account.tax"].create(
            {"name": "T", "amount": 1, "type_tax_use": "purchase"}
        )
        other_order = self.order()
        for values in (
            {"price_unit": 2.0},
            {"product_qty": 900.0},
            {"price_unit": 2.0, "product_qty": 500.0},
            {"discount": 5.0},
            {"tax_ids": [Command.set(euro.ids)]},
            {"product_id": self.subcontract.product_id.id},
            {"product_uom_id": self.env.ref("uom.product_uom_dozen").id},
            {"cost_code_id": self.other_code.id},
            {"cost_type_id": self.subcontract.id},
            {"analytic_distribution": self.key(code=self.other_code)},
            {"analytic_distribution": False},
            {"order_id": other_order.id},
            {"price_subtotal": 1.0},
            {"tax_cost_amount": 7.0},
            {"tax_recoverable": "no"},
            {"platform_tax_amount": 7.0},
            {"released_amount": 1000.0},
            {"sov_method": "unit"},
        ):
            self.assertRefusedToAll(values, lambda env, v=values: line.with_env(env).write(dict(v)))
            self.assertRefusedToAll(
                values,
                lambda env, v=values: self.order1.with_env(env).write(
                    {"order_line": [Command.update(line.id, dict(v))]}
                ),
            )

    def test_the_context_of_a_caller_opens_nothing(self):
        line = self.order1.order_line[0]
        for value in (True, 1, "construction_edit", {}):
            context = dict.fromkeys(
                ("construction_edit", "construction_transition", "construction_platform_apply"),
                value,
            )
            with self.assertRaises(UserError):
                line.with_context(**context).price_unit = 5
            with self.assertRaises(UserError):
                self.order1.with_context(**context).state = "draft"

    def test_new_and_deleted_lines(self):
        line = self.order1.order_line[0]
        for name, act in {
            "create": lambda env: env["purchase.order.line"].create(
                {"order_id": self.order1.id, **self.line()}
            ),
            "by the order": lambda env: self.order1.with_env(env).write(
                {"order_line": [Command.create(self.line())]}
            ),
            "delete": lambda env: line.with_env(env).unlink(),
            "move in": lambda env: (
                self.order().order_line.with_env(env).write({"order_id": self.order1.id})
            ),
        }.items():
            self.assertRefusedToAll(name, act)

    def test_lines_of_an_order_that_waits(self):
        self.company.write({"po_double_validation": "two_step", "po_double_validation_amount": 5})
        order = self.order(user=self.users[1])
        order.button_confirm()
        self.assertEqual(order.state, "to approve")
        for act in (
            lambda env: order.order_line.with_env(env).unlink(),
            lambda env: order.order_line.with_env(env).write({"product_qty": 1.0}),
        ):
            self.assertRefusedToAll("to approve", act)

    def test_header(self):
        other_job = self.make_job("26-920")
        second = self.make_company("Second")
        self.env.ref("base.EUR").active = True
        for values in (
            {"project_id": other_job.id},
            {"project_id": False},
            {"partner_id": self.company.partner_id.id},
            {"currency_id": self.env.ref("base.EUR").id},
            {"company_id": second.id},
            {"date_order": "2020-01-01 00:00:00"},
            {"currency_rate": 3.0},
            {"original_amount": 1.0},
            {"closed_state": "final"},
            {"budget_routed": True},
            {"state": "draft"},
            {"state": "cancel"},
            {"state": "to approve"},
        ):
            self.assertRefusedToAll(
                values, lambda env, v=values: self.order1.with_env(env).write(dict(v))
            )
        self.assertRefusedToAll(
            "button_draft", lambda env: self.order1.with_env(env).button_draft()
        )
        self.assertRefusedToAll("unlink", lambda env: self.order1.with_env(env).unlink())

    def test_what_stays_free(self):
        self.order1.write({"note": "Bring the crane", "partner_ref": "A-1", "priority": "1"})
        self.order1.order_line[0].write({"name": "Other words", "date_planned": "2026-09-01"})
        line = self.order1.order_line[0]
        line.write({"product_qty": line.product_qty, "price_unit": line.price_unit})
        self.order1.order_line.create(
            {
                "order_id": self.order1.id,
                "name": "Notes",
                "display_type": "line_note",
                "product_qty": 0,
            }
        )

    def test_drafts_are_free_and_confirmed_by_their_button(self):
        order = self.order()
        order.order_line.write({"product_qty": 20.0, "price_unit": 3.0})
        for values in ({"state": "purchase"}, {"state": "to approve"}, {"closed_state": "soft"}):
            self.assertRefusedToAll(
                values, lambda env, v=values: order.with_env(env).write(dict(v))
            )
        self.assertRefusedToAll("approve", lambda env: order.with_env(env).button_approve())
        for values in ({"state": "purchase"}, {"closed_state": "final"}, {"original_amount": 5}):
            with self.assertRaises(UserError, msg=values), self.cr.savepoint():
                self.order(**values)

    def test_other_orders_are_left_alone(self):
        product = self.env["product.product"].create({"name": "Paper", "type": "consu"})
        order = self.env["purchase.order"].create(
            {
                "partner_id": self.vendor.id,
                "order_line": [Command.create({"product_id": product.id, "price_unit": 4})],
            }
        )
        order.button_confirm()
        order.order_line.write({"product_qty": 9, "price_unit": 5})
        self.assertEqual(product.seller_ids.partner_id, self.vendor)
        order.button_cancel()
        order.button_draft()
        order.state = "sent"

    def test_the_door(self):
        line = self.order1.order_line[0]
        self.order1._apply_change(
            [(line, {"product_qty": 1500.0, "price_unit": 1.0})], [self.line(250)]
        )
        self.assertEqual(self.order1.amount_untaxed, 2250)
        self.assertEqual(self.order1.approved_change_amount, 750)
        stored = self.env["product.product"].create({"name": "Brick", "is_storable": True})
        with self.assertRaises(UserError), self.cr.savepoint():
            self.order1._apply_change([], [self.line(5, product_id=stored.id)])
        with self.assertRaises(UserError), self.cr.savepoint():
            self.order1._apply_change([], [self.line(5) | {"cost_code_id": False}])

    def test_x14_not_below_billed(self):
        self.bill(self.order1, 600, 0)
        line = self.order1.order_line[0]
        with self.assertRaisesRegex(UserError, "ordered 1000.0, received 0.0, billed 600.0"):
            self.order1._apply_change([(line, {"product_qty": 500.0, "price_unit": 1.0})])

    def test_by_the_form(self):
        """The form that a buyer opens can be saved again without touching anything."""
        with Form(self.order1.with_user(self.users[1])) as form:
            form.partner_ref = "B-2"


@tagged("post_install", "-at_install")
class TestNativeFunctions(RuleCase, TransactionCase):
    def test_no_vendor_price_is_learned(self):
        self.assertFalse(self.material.product_id.seller_ids)
        product = self.env["product.product"].create({"name": "Rebar", "type": "consu"})
        self.order(self.line(10, product_id=product.id, price_unit=5), confirm=True)
        self.assertFalse(product.seller_ids)

    def test_merge(self):
        orders = self.order() | self.order()
        self.assertRefusedToAll("merge", lambda env: orders.with_env(env).action_merge())
        plain = self.order(project_id=False)
        self.assertRefusedToAll(
            "mixed", lambda env: (plain | orders[0]).with_env(env).action_merge()
        )

    def test_accrual_wizard(self):
        self.order1.order_line[0].qty_received = 400
        account = self.asset.copy({"account_type": "liability_current", "code": "299999"})
        for model, records in (
            ("purchase.order", self.order1),
            ("purchase.order.line", self.order1.order_line),
        ):
            wizard = self.env["account.accrued.orders.wizard"].with_context(
                active_model=model, active_ids=records.ids
            )
            with self.assertRaisesRegex(UserError, "not by this wizard"), self.cr.savepoint():
                wizard.create({"account_id": account.id}).create_entries()

    def test_accrual_wizard_of_other_orders(self):
        order = self.order(project_id=False)
        order.order_line.analytic_distribution = False
        order.button_confirm()
        order.order_line.qty_received = 400
        account = self.asset.copy({"account_type": "liability_current", "code": "299999"})
        wizard = self.env["account.accrued.orders.wizard"].with_context(
            active_model="purchase.order", active_ids=order.ids
        )
        wizard.create({"account_id": account.id, "date": fields.Date.today()}).create_entries()

    def test_bill_matching(self):
        for act in (
            lambda env: self.order1.with_env(env).action_bill_matching(),
            lambda env: self.match(env).action_match_lines(),
            lambda env: self.match(env).action_add_to_po(),
        ):
            self.assertRefusedToAll("matching", act)
        bill = self.env["account.move"].create(
            {
                "move_type": "in_invoice",
                "partner_id": self.vendor.id,
                "invoice_line_ids": [
                    Command.create({"product_id": self.material.product_id.id, "price_unit": 5})
                ],
            }
        )
        wizard = self.env["bill.to.po.wizard"].with_context(active_ids=[-bill.invoice_line_ids.id])
        wizard = wizard.create({"purchase_order_id": self.order1.id})
        for act in (wizard.action_add_to_po, wizard.action_add_downpayment):
            with self.assertRaises(UserError), self.cr.savepoint():
                act()
        with self.assertRaises(UserError):
            self.order1._create_downpayments([{"name": "Advance", "product_qty": 0}])

    def match(self, env):
        return env["purchase.bill.line.match"].search([("purchase_order_id", "=", self.order1.id)])

    def test_native_down_payments(self):
        order = self.order(self.line(), self.line(5, is_downpayment=True))
        self.assertRefusedToAll("advance", lambda env: order.with_env(env).button_confirm())

    def test_create_bill(self):
        other = self.order(confirm=True)
        both = self.order1 | other
        self.assertRefusedToAll("two", lambda env: both.with_env(env).action_create_invoice())
        self.order1.billing_mode = "application"
        self.assertRefusedToAll(
            "application", lambda env: self.order1.with_env(env).action_create_invoice()
        )
        self.order1.billing_mode = "invoice"
        bill = self.bill(self.order1, 100, 50, post=False)
        line = bill.invoice_line_ids[0]
        self.assertEqual(line.analytic_distribution, self.key())
        self.assertEqual(line.purchase_line_id, self.order1.order_line[0])
        bill.action_post()
        self.assertEqual(self.order1.order_line[0].qty_invoiced, 100)

    def test_bills_that_come_another_way(self):
        """Auto-complete, an e-invoice or a link written by RPC."""
        self.order1.billing_mode = "application"
        bill = self.env["account.move"].create(
            {"move_type": "in_invoice", "partner_id": self.vendor.id, "invoice_date": "2026-03-31"}
        )
        with self.assertRaisesRegex(UserError, "application for payment"):
            bill._add_purchase_order_lines(self.order1.order_line)
        bill.invoice_line_ids = [
            Command.create(
                {
                    "name": "Work",
                    "price_unit": 10,
                    "account_id": self.expense.id,
                    "analytic_distribution": self.key(),
                    "purchase_line_id": self.order1.order_line[0].id,
                    "tax_ids": [],
                }
            )
        ]
        with self.assertRaisesRegex(UserError, "application for payment"):
            bill.action_post()
        self.order1.billing_mode = "invoice"
        bill.action_post()
        self.assertFigures(billed=10, actual=10)

    def test_no_bill_before_approval(self):
        self.company.write({"po_double_validation": "two_step", "po_double_validation_amount": 5})
        bill = self.bill(self.order1, 10, 5, post=False)
        self.users[1].group_ids -= self.env.ref("purchase.group_purchase_manager")
        self.order1.with_user(self.users[1])._revalidate()
        self.assertEqual(self.order1.state, "to approve")
        with self.assertRaisesRegex(UserError, "not approved"):
            bill.action_post()
        with self.assertRaisesRegex(UserError, "not approved"):
            self.order1.action_create_invoice()
        self.order1.button_approve()
        bill.action_post()

    def test_cancel_is_refused_when_received_or_billed(self):
        self.order1.order_line[0].qty_received = 10
        with self.assertRaisesRegex(UserError, "received 10.0"):
            self.order1.button_cancel()
        self.order1.order_line[0].qty_received = 0
        self.order1.button_cancel()
        self.order1.button_draft()
        self.assertFalse(self.order1.original_amount)
        self.order1.order_line[0].product_qty = 10
        self.order1.button_confirm()
        self.assertEqual(self.order1.original_amount, 510)

    def test_stored_product(self):
        stored = self.env["product.product"].create({"name": "Brick", "is_storable": True})
        order = self.order(self.line(10, product_id=stored.id))
        with self.assertRaisesRegex(UserError, "kept in stock"):
            order.button_confirm()

    def test_an_order_without_lines(self):
        order = self.order({"name": "Only words", "display_type": "line_note", "product_qty": 0})
        with self.assertRaisesRegex(UserError, "no lines"):
            order.button_confirm()

    def test_replenishment_keeps_out_of_a_jobs_order(self):
        rule = self.env["stock.rule"].new({})
        supplier = self.env["product.supplierinfo"].new({"partner_id": self.vendor.id})
        values = {"supplier": supplier, "date_planned": fields.Datetime.now()}
        domain = rule._make_po_get_domain(self.company, values, self.vendor)
        self.assertIn(("is_commitment", "=", False), domain)

    def test_a_typed_order_gets_a_kind(self):
        self.assertEqual(self.order1.commitment_type, "purchase_order")


@tagged("post_install", "-at_install")
class TestScheduleOfValues(RuleCase, TransactionCase):
    """X10 to X13: with the value in the quantity every native figure is right."""

    def test_x10_x11_progress_of_a_lump_sum(self):
        order = self.order(self.line(100000, cost_type=self.subcontract), budget_reason="x")
        order.button_confirm()
        line = order.order_line
        self.bill(order, 33333.33)
        self.assertEqual((line.qty_invoiced, line.qty_to_invoice), (33333.33, 66666.67))
        self.assertEqual(order.invoice_status, "to invoice")
        self.assertEqual((order.billed_amount, order.open_amount), (33333.33, 66666.67))
        self.bill(order, 66666.67)
        self.assertEqual((line.qty_to_invoice, order.invoice_status), (0, "invoiced"))
        self.assertEqual(sorted(order.invoice_ids.mapped("amount_untaxed")), [33333.33, 66666.67])

    def test_received_amount(self):
        self.order1.order_line[0].qty_received = 400.25
        self.assertEqual(self.order1.received_amount, 400.25)

    def test_paid(self):
        bill = self.bill(self.order1, 400, 0)
        self.assertEqual((self.order1.billed_amount, self.order1.paid_amount), (400, 0))
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=bill.ids
        ).create({"amount": 100}).action_create_payments()
        self.assertEqual(self.order1.paid_amount, 100)
        self.assertEqual(self.order1.open_amount, 1100)
