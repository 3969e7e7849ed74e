"""The commitment card: every figure of an order and of its lines, from documents."""

from decimal import Decimal

from odoo import fields
from odoo.tests import TransactionCase, tagged

from .change_orders import ChangeOrderCase
from .test_accruals import MAY


@tagged("post_install", "-at_install")
class TestCommitmentCard(ChangeOrderCase, TransactionCase):
    def card(self, order=None):
        self.env.invalidate_all()
        return order or self.order_one

    def test_line_by_line_and_in_all(self):
        change = self.approved(
            self.change_line(2000.0, 0.0, self.order_one, self.order_one.order_line[0])
        )
        one, two = self.order_one.order_line
        self.assertEqual(
            (self.card().pending_change_amount, one.pending_change_amount, one.change_amount),
            (2000, 2000, 0),
        )
        change.action_cost_executed()
        one.qty_received = 7000
        self.bill(self.order_one, 4000, 0)
        order = self.card()
        self.assertEqual(
            (order.original_amount, order.approved_change_amount, order.pending_change_amount,
             order.revised_amount, order.waiting_amount),
            (15000, 2000, 0, 17000, 0),
        )  # fmt: skip
        self.assertEqual(
            (order.received_amount, order.billed_amount, order.paid_amount, order.open_amount),
            (7000, 4000, 0, 13000),
        )
        self.assertEqual(
            (one.original_amount, one.change_amount, one.price_subtotal, one.received_amount,
             one.billed_amount, one.open_amount),
            (10000, 2000, 12000, 7000, 4000, 8000),
        )  # fmt: skip
        self.assertEqual((two.original_amount, two.billed_amount, two.open_amount), (5000, 0, 5000))
        (total,) = self.env["construction.job.cost"]._totals(self.job).values()
        self.assertEqual(total["open"], order.open_amount, "as the cost report says")

    def test_an_order_that_waits_has_no_contract_sum(self):
        self.rule(self.second)
        order = self.submitted(9000.0).sudo()
        self.assertEqual(order.state, "to approve")
        shown = (order.original_amount, order.approved_change_amount, order.revised_amount,
                 order.open_amount, order.waiting_amount)  # fmt: skip
        self.assertEqual(shown, (0, 0, 0, 0, 9000))
        self.assertEqual(order.order_line.original_amount, 0)
        order.with_user(self.second).action_release()
        self.env.invalidate_all()
        shown = (order.original_amount, order.revised_amount, order.open_amount,
                 order.waiting_amount)  # fmt: skip
        self.assertEqual(shown, (9000, 9000, 9000, 0))

    def test_accrued_is_not_open(self):
        owed = self.asset.copy({"code": self.unique("2098"), "account_type": "liability_current"})
        rows = self.env["construction.account.map"].search([("company_id", "=", self.company.id)])
        rows.accrual_account_id = owed
        line = self.order_one.order_line[0]
        accrual = self.env["construction.accrual"].with_user(self.manager).create({
            "month": MAY, "kind": "work_not_billed", "company_id": self.company.id,
            "line_ids": [fields.Command.create({"purchase_line_id": line.id, "amount": 1500})],
        })  # fmt: skip
        accrual.action_submit()
        accrual.with_user(self.finance).action_release()
        accrual.sudo().reversal_id.button_draft()  # as it is before the day has come
        order = self.card()
        self.assertEqual((order.accrued_amount, order.open_amount), (1500, 13500))
        self.assertEqual((line.accrued_amount, line.open_amount), (1500, 8500))
        (total,) = self.env["construction.job.cost"]._totals(self.job).values()
        self.assertEqual(total["open"], 13500)

    def test_what_is_held_and_released(self):
        held = self.env["account.account"].create(
            {"code": self.unique("2097"), "name": "Retention payable", "reconcile": True,
             "account_type": "liability_payable", "company_ids": self.company.ids}
        )  # fmt: skip
        rows = self.env["construction.account.map"].search([("company_id", "=", self.company.id)])
        rows.retention_account_id = held
        bill = self.bill(self.order_one, 4000, 0, post=False)
        bill.retention_amount = 400
        bill.action_post()
        order = self.card()
        self.assertEqual(
            (order.billed_amount, order.retention_held, order.retention_released), (4000, 400, 0)
        )
        bill._release_retention(Decimal(150), fields.Date.today(), fields.Date.today())
        order = self.card()
        self.assertEqual((order.retention_held, order.retention_released), (250, 150))
