from decimal import Decimal

from odoo import api, models
from odoo.tools import SQL

from ..lib import money


class ConstructionJobCostAccrual(models.Model):
    """What of commitments may be accrued for a month: the part that is open at its end, and
    of it what was received, or is rent of days that have passed."""

    _inherit = "construction.job.cost"

    @api.model
    def _in_place(self, until=None):
        """What of order line `l` is in place: rent by day of what stands on the job, else the
        share that was received. Quantities received by stock transfers count whenever they
        came; reported receipts and rent until the day.

        :param until: SQL or date; without it today for rent, and all receipts
        """
        received_after = SQL("0")
        if until:
            received_after = SQL(
                """COALESCE((SELECT SUM(rl.quantity) FROM construction_receipt_line rl
                               JOIN construction_receipt r ON r.id = rl.receipt_id
                              WHERE rl.purchase_line_id = l.id AND r.date > %s), 0)""",
                until,
            )
        last = until or SQL("CURRENT_DATE")
        return SQL(
            """
            CASE WHEN o.commitment_type = 'rental' AND o.start_on IS NOT NULL
                 THEN ROUND(GREATEST(LEAST(%(last)s, COALESCE(o.end_on, %(last)s))
                                     - o.start_on + 1, 0)
                            * COALESCE(l.day_rate, 0)::numeric * f.gross / f.rate,
                            u.decimal_places)
                 WHEN l.product_qty <> 0
                 THEN ROUND(v.revised * (l.qty_received - %(received_after)s) / l.product_qty,
                            u.decimal_places)
                 ELSE 0 END
            """,
            last=last,
            received_after=received_after,
        )

    @api.model
    def _open_of(self, order_lines, until=None):
        """{order line id: Decimal}: committed − billed − accrued in company currency.

        :param until: the last day whose bills and accruals count
        """
        if not order_lines:
            return {}
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT p.line_id, p.committed - p.billed - p.accrued
                  FROM (%s) p WHERE p.state = 'purchase'
                """,
                self._order_lines_query(SQL("l.id = ANY(%s)", order_lines.ids), until),
            )
        )
        return self._rounded(rows, order_lines)

    @api.model
    def _unbilled_of(self, order_lines, until=None):
        """{order line id: Decimal above 0}: what is in place and neither billed nor accrued,
        at most what is open."""
        if not order_lines:
            return {}
        self.env.flush_all()
        condition = SQL("l.id = ANY(%s)", order_lines.ids)
        rows = self.env.execute_query(self._unbilled_query(condition, until))
        return self._rounded(rows, order_lines)

    @api.model
    def _unbilled_query(self, condition, until):
        """(order line id, amount above 0) of what is in place and neither billed nor accrued,
        at most what is open; in company currency.

        :param condition: as in `_order_lines_query`
        :param until: the day at whose end it is so
        """
        return SQL(
            """
            SELECT n.id, n.amount
              FROM (SELECT p.line_id AS id,
                           LEAST(p.committed, p.received) - p.billed - p.accrued AS amount
                      FROM (%s) p WHERE p.state = 'purchase') n
             WHERE n.amount > 0
            """,
            self._order_lines_query(condition, until),
        )

    def _rounded(self, rows, order_lines):
        digits = {
            line.id: line.company_id.currency_id.decimal_places for line in order_lines.sudo()
        }
        return {
            line_id: money.from_float(amount or Decimal(0), digits[line_id])
            for line_id, amount in rows
        }
