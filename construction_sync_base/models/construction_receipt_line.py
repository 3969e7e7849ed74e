from odoo import api, fields, models
from odoo.exceptions import UserError


class ConstructionReceiptLine(models.Model):
    """What was received of one order line; of a lump sum the quantity is its value."""

    _name = "construction.receipt.line"
    _description = "Receipt Line"
    _check_company_auto = True
    _order = "receipt_id, id"
    _rec_name = "purchase_line_id"

    receipt_id = fields.Many2one(
        "construction.receipt", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="receipt_id.company_id", store=True, index=True)
    purchase_line_id = fields.Many2one(
        "purchase.order.line",
        string="Order line",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    quantity = fields.Float(digits="Product Unit", readonly=True, help="A return is negative.")
    rejected_quantity = fields.Float(string="Rejected", digits="Product Unit", readonly=True)
    lot = fields.Char(readonly=True)
    currency_id = fields.Many2one(related="purchase_line_id.currency_id")
    amount = fields.Monetary(compute="_compute_amount", store=True)

    @api.depends("quantity", "purchase_line_id")
    def _compute_amount(self):
        """At the price agreed then: a later change of price is no receipt."""
        for line in self:
            line.amount = line.quantity * line.purchase_line_id.price_unit_discounted

    def write(self, vals):
        if set(vals) - {"amount"}:
            raise UserError(self.env._("A receipt stays as it was reported; a return corrects it."))
        return super().write(vals)
