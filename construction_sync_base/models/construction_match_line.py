from odoo import fields, models

METHODS = [
    ("two_way", "Order"),
    ("three_way", "Order and receipt"),
    ("commitment", "Scheduled value"),
    ("direct", "No order"),
]
VERDICTS = [
    ("match", "Matches"),
    ("none", "Differs, let through"),
    ("warn", "Differs"),
    ("block", "Stopped"),
]


class ConstructionMatchLine(models.Model):
    """How one line of a bill compares with its order line: the arithmetic as it was when the
    bill was last matched, in the bill's currency, without tax and gross of retention."""

    _name = "construction.match.line"
    _description = "Bill Match"
    _check_company_auto = True
    _order = "move_id, id"
    _rec_name = "line_name"

    move_id = fields.Many2one(
        "account.move", string="Bill", required=True, readonly=True, ondelete="cascade", index=True
    )
    move_line_id = fields.Many2one(
        "account.move.line", string="Bill line", readonly=True, ondelete="cascade", index=True
    )
    purchase_line_id = fields.Many2one(
        "purchase.order.line", string="Order line", readonly=True, ondelete="set null", index=True
    )
    order_id = fields.Many2one(related="purchase_line_id.order_id")
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    line_name = fields.Char(string="Line", readonly=True)
    method = fields.Selection(METHODS, string="Against", required=True, readonly=True)
    ordered = fields.Monetary(readonly=True)
    received = fields.Monetary(readonly=True)
    billed_before = fields.Monetary(
        readonly=True, help="Posted bills, and submitted ones that wait for their release."
    )
    this_bill = fields.Monetary(readonly=True)
    remaining = fields.Monetary(
        readonly=True, help="What could be billed before this bill, without the tolerance."
    )
    tolerance = fields.Monetary(readonly=True)
    over = fields.Monetary(readonly=True, help="By how much the order is exceeded.")
    ordered_quantity = fields.Float(readonly=True, digits="Product Unit")
    received_quantity = fields.Float(readonly=True, digits="Product Unit")
    billed_quantity = fields.Float(
        string="Billed before (qty)", readonly=True, digits="Product Unit"
    )
    this_quantity = fields.Float(string="This bill (qty)", readonly=True, digits="Product Unit")
    ordered_price = fields.Float(readonly=True, digits=(16, 8))
    billed_price = fields.Float(string="Price", readonly=True, digits=(16, 8))
    verdict = fields.Selection(VERDICTS, required=True, readonly=True, index=True)
    reason = fields.Char(string="What differs", readonly=True)
    faults = fields.Char(readonly=True, help="The checks it does not pass, as codes.")
