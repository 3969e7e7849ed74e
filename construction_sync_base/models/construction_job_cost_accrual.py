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
        """What of order line `l` is in place: rent of the days it stands on the job; of lump
        sums of work the percentage that the latest progress report says; else the share that
        was received. Quantities received by stock transfers count whenever they came; reported
        receipts, progress and rent until the day.

        :param until: SQL or date; without it today for rent and progress, and all receipts
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
            CASE %(basis)s
                 WHEN 'rent' THEN ROUND(GREATEST(LEAST(%(last)s, COALESCE(o.end_on, %(last)s))
                                                 - o.start_on + 1, 0)
                                        * COALESCE(l.day_rate, 0)::numeric * f.gross / f.rate,
                                        u.decimal_places)
                 WHEN 'progress' THEN ROUND(v.revised * (%(percent)s) / 100, u.decimal_places)
                 WHEN 'receipt'
                 THEN ROUND(v.revised * (l.qty_received - %(received_after)s) / l.product_qty,
                            u.decimal_places)
                 ELSE 0 END
            """,
            basis=self._in_place_basis(last),
            last=last,
            percent=self._progress_percent(last),
            received_after=received_after,
        )

    @api.model
    def _in_place_basis(self, last):
        """By what order line `l` is in place: `rent`, `progress` or `receipt`, NULL by
        nothing."""
        return SQL(
            """
            CASE WHEN o.commitment_type = 'rental' AND o.start_on IS NOT NULL THEN 'rent'
                 WHEN o.commitment_type IN ('subcontract', 'service')
                      AND l.sov_method = 'amount' AND (%s) IS NOT NULL THEN 'progress'
                 WHEN l.product_qty <> 0 THEN 'receipt' END
            """,
            self._progress_percent(last),
        )

    @api.model
    def _progress_percent(self, last):
        """What the latest report until a day says of the coding of order line `l`: of its own
        cost type rather than of the whole code."""
        return SQL(
            """
            SELECT g.percent_complete::numeric FROM construction_progress_line g
             WHERE g.job_id = o.project_id AND g.cost_code_id = l.cost_code_id
               AND g.measure = 'percent' AND g.as_of <= %s
               AND (g.cost_type_id IS NULL OR g.cost_type_id = l.cost_type_id)
             ORDER BY g.as_of DESC, g.cost_type_id IS NULL, g.id DESC LIMIT 1
            """,
            last,
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
    def _unbilled_of(self, order_lines, until):
        """{order line id: (basis, Decimal above 0)}: what is in place and neither billed nor
        accrued at the end of a day, at most what is open."""
        if not order_lines:
            return {}
        self.env.flush_all()
        condition = SQL("l.id = ANY(%s)", order_lines.ids)
        rows = self.env.execute_query(self._unbilled_query(condition, until))
        amounts = self._rounded([row[:2] for row in rows], order_lines)
        return {line_id: (basis, amounts[line_id]) for line_id, _amount, basis in rows}

    @api.model
    def _unbilled_query(self, condition, until):
        """(order line id, amount above 0, basis) of what is in place and neither billed nor
        accrued, at most what is open; in company currency.

        :param condition: as in `_order_lines_query`
        :param until: the day at whose end it is so
        """
        return SQL(
            """
            SELECT n.id, n.amount, n.basis
              FROM (SELECT p.line_id AS id, p.basis,
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
