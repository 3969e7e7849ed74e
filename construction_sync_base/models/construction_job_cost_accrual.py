from decimal import Decimal

from odoo import api, models
from odoo.tools import SQL

from ..lib import budget as formulas
from ..lib import money


class ConstructionJobCostAccrual(models.Model):
    """What of commitments may be accrued: the open part, and of it what was received."""

    _inherit = "construction.job.cost"

    @api.model
    def _open_of(self, order_lines):
        """{order line id: Decimal}: committed − billed − accrued in company currency."""
        return {line_id: open_ for line_id, open_, _received in self._standing(order_lines)}

    @api.model
    def _unbilled_of(self, order_lines):
        """{order line id: Decimal above 0}: what was received and neither billed nor accrued,
        at most what is open."""
        found = {}
        for line_id, open_, received in self._standing(order_lines):
            amount = min(open_, received)
            if amount > 0:
                found[line_id] = amount
        return found

    def _standing(self, order_lines):
        """(order line id, open, received less billed and accrued) as Decimals."""
        if not order_lines:
            return
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT p.line_id, p.committed, p.billed, p.accrued, p.received
                  FROM (%s) p WHERE p.state = 'purchase'
                """,
                self._order_lines_query(SQL("l.id = ANY(%s)", order_lines.ids)),
            )
        )
        digits = {
            line.id: line.company_id.currency_id.decimal_places for line in order_lines.sudo()
        }
        for line_id, *amounts in rows:
            committed, billed, accrued, received = (
                money.from_float(amount or Decimal(0), digits[line_id]) for amount in amounts
            )
            open_ = formulas.open_amount(committed, billed, accrued)
            yield line_id, open_, received - billed - accrued
