from collections import defaultdict
from decimal import Decimal

from odoo import api, fields, models
from odoo.tools import SQL

from ..lib import money

ZERO = Decimal(0)


class PurchaseOrderLineCard(models.Model):
    """What a line of the schedule of values stands at, in the order's currency: the row of the
    commitment card."""

    _inherit = "purchase.order.line"

    original_amount = fields.Monetary(string="Original", compute="_compute_card")
    change_amount = fields.Monetary(
        string="Changes", compute="_compute_card", help="Executed change orders."
    )
    pending_change_amount = fields.Monetary(string="Pending changes", compute="_compute_card")
    received_amount = fields.Monetary(string="Received amount", compute="_compute_card")
    billed_amount = fields.Monetary(
        string="Billed amount",
        compute="_compute_card",
        help="Posted, without tax, gross of retention.",
    )
    accrued_amount = fields.Monetary(string="Accrued", compute="_compute_card")
    paid_amount = fields.Monetary(string="Paid", compute="_compute_card")
    open_amount = fields.Monetary(
        string="Open",
        compute="_compute_card",
        help="Revised with the tax that is cost, less billed, accrued and given back at closing.",
    )

    @api.depends(
        "price_subtotal", "qty_received", "qty_invoiced", "tax_cost_amount", "released_amount",
        "state", "order_id.closed_state",
    )  # fmt: skip
    def _compute_card(self):
        billed, accrued = self._posted_bills(), self._accrued_in_books()
        pending = self._pending_changes()
        for line in self:
            digits, own = line.currency_id.decimal_places, line._origin.id
            confirmed = line.state == "purchase"
            changes = sum(
                (money.from_float(c.applied_amount, digits) for c in line.sudo().change_line_ids),
                ZERO,
            )
            line.change_amount = changes if confirmed else 0
            line.original_amount = line.price_subtotal - float(changes) if confirmed else 0
            line.pending_change_amount = pending[own]
            line.received_amount = line.qty_received * line.price_unit_discounted
            line.billed_amount, line.paid_amount = billed[own]
            line.accrued_amount = accrued[own]
            line.open_amount = (
                line._open_gross(billed[own][0]) - accrued[own]
                if confirmed and not line.display_type
                else 0
            )

    def _pending_changes(self):
        """{line id: Decimal} of change orders that are submitted or approved, not executed."""
        found = defaultdict(Decimal)
        lines = self.env["construction.change.order.line"].sudo()
        for line in lines.search(
            [("order_line_id", "in", self._origin.ids),
             ("change_id.cost_status", "in", ("submitted", "approved"))]
        ):  # fmt: skip
            found[line.order_line_id.id] += money.from_float(
                line.cost_amount, line.currency_id.decimal_places
            )
        return found

    def _accrued_in_books(self):
        """{line id: Decimal} in the order's currency, at the rate of the order; every line id
        is there. As the cost report counts it."""
        found = defaultdict(Decimal)
        if not self._origin.ids:
            return found
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                "SELECT p.line_id, p.accrued FROM (%s) p WHERE p.accrued <> 0",
                self.env["construction.job.cost"]._order_lines_query(
                    SQL("l.id = ANY(%s)", self._origin.ids)
                ),
            )
        )
        for line_id, amount in rows:
            line = self.browse(line_id)
            own = money.from_float(amount, line.company_id.sudo().currency_id.decimal_places)
            rate = Decimal(repr(line.order_id.currency_rate or 1.0))
            found[line_id] = money.round_half_up(own * rate, line.currency_id.decimal_places)
        return found
