from odoo import api, fields, models
from odoo.exceptions import UserError

from ..lib import money


class PurchaseOrderLineReceipt(models.Model):
    """What of an order line came, what is still to come and what came unbilled."""

    _inherit = "purchase.order.line"

    receipt_line_ids = fields.One2many("construction.receipt.line", "purchase_line_id")
    not_received_amount = fields.Monetary(
        string="Not received", compute="_compute_receipt_amounts", store=True
    )
    not_billed_amount = fields.Monetary(
        string="Received, not billed",
        compute="_compute_receipt_amounts",
        store=True,
        help="Draft bills count as billed.",
    )
    over_received_amount = fields.Monetary(
        string="Over-received", compute="_compute_receipt_amounts", store=True
    )

    @api.depends("product_qty", "qty_received", "qty_invoiced", "price_subtotal")
    def _compute_receipt_amounts(self):
        for line in self:
            price = line.price_unit_discounted
            came = line.qty_received
            line.not_received_amount = max(line.product_qty - came, 0) * price
            line.over_received_amount = max(came - line.product_qty, 0) * price
            line.not_billed_amount = max(came - line.qty_invoiced, 0) * price

    def _receive(self, quantity, on):
        """Add a receipt, or take off a return, of this line: by stock moves where its product
        is received by them, else by hand.

        :param quantity: Decimal in the order's unit, negative for a return
        """
        self.ensure_one()
        if self.qty_received_method == "stock_moves":
            self._receive_by_moves(quantity, on)
            return
        before = money.from_float(self.qty_received, money.QUANTITY_DECIMALS)
        self.qty_received = money.to_float(before + quantity, money.QUANTITY_DECIMALS)

    def _receive_by_moves(self, quantity, on):
        """Process the transfer that waits for this line; what exceeds it goes on the same
        move, since Odoo lets more come than was ordered."""
        moves = self.move_ids.filtered(lambda move: move.state not in ("done", "cancel"))
        if quantity < 0 or not moves:
            raise UserError(
                self.env._(
                    "“%s” is received by stock transfers, and none is open that takes this: "
                    "process it in the transfers of the order.",
                    self.name,
                )
            )
        move = moves[0]
        unit = self.product_uom_id
        move.quantity = unit._compute_quantity(
            money.to_float(quantity, money.QUANTITY_DECIMALS), move.product_uom, round=False
        )
        move.picked = True
        move._action_done()
        move.date = fields.Datetime.to_datetime(on)
