from odoo import api, fields, models
from odoo.tools import SQL


class PurchaseOrderCard(models.Model):
    """The commitment card: what was agreed, what came, what was billed, accrued and paid, what
    is held back. An order that is not confirmed has no contract sum: all of it waits."""

    _inherit = "purchase.order"

    waiting_amount = fields.Monetary(
        string="Waiting for confirmation",
        compute="_compute_commitment_amounts",
        help="Not confirmed or approved yet: pending in the cost report, not committed.",
    )
    accrued_amount = fields.Monetary(string="Accrued", compute="_compute_commitment_amounts")

    @api.depends("order_line.change_line_ids.applied_amount")
    def _compute_commitment_amounts(self):
        result = super()._compute_commitment_amounts()
        accrued = self.order_line._accrued_in_books()
        held = self._retention_in_books()
        for order in self:
            confirmed = order.state == "purchase"
            order.waiting_amount = 0
            if not confirmed:
                order.waiting_amount = order.revised_amount if order.state != "cancel" else 0
                order.revised_amount = order.open_amount = 0
            order.accrued_amount = sum(accrued[line._origin.id] for line in order.order_line)
            order.open_amount -= order.accrued_amount if confirmed else 0
            withheld, still = held.get(order._origin.id, (0, 0))
            order.retention_held = still
            order.retention_released = withheld - still
        return result

    def _retention_in_books(self):
        """{order id: (withheld in all, still held)} of its posted bills less credits, in the
        bills' currency. A bill of several orders holds back in proportion to their lines.

        Read by SQL: who sees the order sees what of it is held, whether or not the bills are
        open to him.
        """
        ids = self._origin.ids
        if not ids:
            return {}
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                WITH billed AS (
                    SELECT m.move_id, l.order_id, SUM(abs(m.price_subtotal)) AS amount
                      FROM account_move_line m
                      JOIN purchase_order_line l ON l.id = m.purchase_line_id
                     WHERE m.parent_state = 'posted' AND m.move_id IN (
                           SELECT x.move_id FROM account_move_line x
                             JOIN purchase_order_line y ON y.id = x.purchase_line_id
                            WHERE y.order_id = ANY(%(orders)s))
                     GROUP BY m.move_id, l.order_id
                ), shares AS (
                    SELECT move_id, order_id,
                           amount / NULLIF(SUM(amount) OVER (PARTITION BY move_id), 0) AS share
                      FROM billed
                )
                SELECT s.order_id, u.decimal_places,
                       -SUM(h.amount_currency * s.share),
                       -SUM(h.amount_residual_currency * s.share)
                  FROM shares s
                  JOIN account_move_line h ON h.move_id = s.move_id AND h.is_retention
                  JOIN res_currency u ON u.id = h.currency_id
                 WHERE s.order_id = ANY(%(orders)s) AND s.share IS NOT NULL
                 GROUP BY s.order_id, u.decimal_places
                """,
                orders=ids,
            )
        )
        return {
            order_id: (round(withheld, digits), round(still, digits))
            for order_id, digits, withheld, still in rows
        }
