from odoo import api, models
from odoo.tools import SQL

from ..lib import money


class ConstructionJobCostOrders(models.Model):
    """The commitments' part of the cost formulas, line by line."""

    _inherit = "construction.job.cost"

    @api.model
    def _order_lines_query(self, condition, until=None):
        """Order lines of jobs with what they commit and what of it was billed, in company
        currency with the tax that is cost, rounded once at the line.

        Bills count at the rate of their order: open commitments are not revalued, a
        difference of rates is in the actual cost alone. The rule of `committed` is
        `lib.budget.committed_line`.

        :param condition: on `o` (purchase_order), `j` (project_project) and `l` (line)
        :param until: the last day whose bills, accruals and reported receipts count; without
            it all do
        """
        posted_until = SQL("m.date <= %s", until) if until else SQL("TRUE")
        return SQL(
            """
            SELECT o.id AS order_id, o.state, o.project_id AS job_id, l.id AS line_id,
                   l.cost_code_id, l.cost_type_id, b.billed, w.accrued, v.revised,
                   v.revised - e.changes AS original, e.changes,
                   %(in_place)s AS received, %(basis)s AS basis,
                   CASE WHEN o.closed_state = 'final' THEN b.billed
                        WHEN v.revised >= 0 THEN GREATEST(v.revised - v.released, b.billed)
                        ELSE LEAST(v.revised - v.released, b.billed) END AS committed
              FROM purchase_order_line l
              JOIN purchase_order o ON o.id = l.order_id
              JOIN project_project j ON j.id = o.project_id AND j.is_job
              JOIN res_company y ON y.id = o.company_id
              JOIN res_currency u ON u.id = y.currency_id
              JOIN LATERAL (
                    SELECT COALESCE(NULLIF(o.currency_rate, 0), 1)::numeric AS rate,
                           1 + CASE WHEN l.price_subtotal <> 0
                               THEN COALESCE(l.tax_cost_amount, 0)::numeric / l.price_subtotal
                               ELSE 0 END AS gross) f ON TRUE
              JOIN LATERAL (
                    SELECT ROUND((l.price_subtotal + COALESCE(l.tax_cost_amount, 0))::numeric
                                 / f.rate, u.decimal_places) AS revised,
                           ROUND(COALESCE(l.released_amount, 0)::numeric / f.rate,
                                 u.decimal_places) AS released) v ON TRUE
              JOIN LATERAL (
                    SELECT ROUND(COALESCE(SUM(CASE WHEN m.currency_id = o.currency_id
                                                   THEN m.amount_currency / f.rate
                                                   ELSE m.balance END), 0) * f.gross,
                                 u.decimal_places) AS billed
                      FROM account_move_line m
                     WHERE m.purchase_line_id = l.id AND m.parent_state = 'posted'
                       AND %(posted_until)s) b ON TRUE
              JOIN LATERAL (
                    SELECT ROUND(COALESCE(SUM(x.applied_amount), 0) * f.gross / f.rate,
                                 u.decimal_places) AS changes
                      FROM construction_change_order_line x
                     WHERE x.applied_order_line_id = l.id) e ON TRUE
              JOIN LATERAL (
                    SELECT COALESCE(SUM(m.balance), 0) AS accrued
                      FROM construction_accrual_line x
                      JOIN account_move_line m
                        ON m.accrual_line_id = x.id AND m.parent_state = 'posted'
                       AND %(posted_until)s
                     WHERE x.purchase_line_id = l.id) w ON TRUE
             WHERE l.display_type IS NULL AND %(condition)s
            """,
            condition=condition,
            posted_until=posted_until,
            in_place=self._in_place(until),
            basis=self._in_place_basis(until or SQL("CURRENT_DATE")),
        )

    @api.model
    def _needs(self, orders):
        """What orders in hand, drafts included, still need: {order id: {(job, code, type):
        Decimal}}. What was billed of them is in the actual cost already."""
        needs = {order.id: {} for order in orders}
        if not orders:
            return needs
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT order_id, job_id, cost_code_id, cost_type_id,
                       SUM(committed - billed - accrued)
                  FROM (%s) lines GROUP BY order_id, job_id, cost_code_id, cost_type_id
                """,
                self._order_lines_query(SQL("o.id = ANY(%s)", orders.ids)),
            )
        )
        digits = {order.id: order.company_id.currency_id.decimal_places for order in orders}
        for order_id, job_id, code_id, type_id, amount in rows:
            key = (job_id, code_id, type_id)
            needs[order_id][key] = money.from_float(amount or 0, digits[order_id])
        return needs
