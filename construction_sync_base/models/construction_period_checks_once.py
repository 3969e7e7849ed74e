from odoo import models
from odoo.tools import SQL


class ConstructionPeriodChecksOnce(models.Model):
    """What of one line of the checklist another counted line adds already: the same cost can be
    received, billed by a draft, and be on hold or at the gate at once."""

    _inherit = "construction.period.check"

    def _is_held(self, move):
        """SQL condition: a hold stands on a move.

        :param move: SQL of its id
        """
        return SQL(
            """EXISTS (SELECT FROM construction_hold h
                        WHERE h.res_model = 'account.move' AND h.res_id = %s
                          AND h.released_at IS NULL)""",
            move,
        )

    def _drafted_of_line(self):
        """Of order line `r` what drafts bill: it counts with the draft, wherever that stands.
        With the tax that is cost, as what is unbilled has it."""
        return SQL(
            """
            SELECT LEAST(r.amount, GREATEST(COALESCE(ROUND(SUM(
                       i.balance * (1 + COALESCE(b.tax_cost_amount::numeric
                                                 / NULLIF(b.price_subtotal, 0), 0))), 2), 0), 0))
              FROM account_move m
              JOIN purchase_order_line b ON b.id = r.id
             CROSS JOIN LATERAL (SELECT i.balance FROM %s AND i.purchase_line_id = b.id) i
             WHERE m.company_id = p.company_id AND m.date <= p.last_day AND m.state = 'draft'
            """,
            self.env["account.move"]._coded_items(SQL("m.id")),
        )

    def _in_place_of_event(self):
        """Of event `r` what is in place of the commitments that it names, and not billed: it
        counts as received or rent."""
        lines = SQL(
            "SELECT r.id, r.amount - (%s) AS amount FROM (%s) r (id, amount)",
            self._drafted_of_line(),
            self._unbilled_rows(
                SQL(
                    "((%s) OR (%s)) AND o.id IN (%s)",
                    self._received(),
                    self._rented(),
                    self._orders_of_event(),
                )
            ),
        )
        return SQL(
            """CASE WHEN r.amount > 0
                    THEN (SELECT LEAST(r.amount, COALESCE(SUM(n.amount), 0)) FROM (%s) n)
                    ELSE 0 END""",
            lines,
        )

    def _orders_of_event(self):
        """Ids of the orders that event `r` names, itself or by its lines."""
        return SQL(
            """
            SELECT w.id
              FROM construction_event e
             CROSS JOIN LATERAL (SELECT e.payload::jsonb -> 'data' AS data) c
             CROSS JOIN LATERAL (
                    SELECT c.data -> 'commitment' AS ref
                     UNION
                    SELECT l -> 'commitment'
                      FROM jsonb_array_elements(CASE jsonb_typeof(c.data -> 'lines')
                           WHEN 'array' THEN c.data -> 'lines' ELSE '[]' END) l) k
             CROSS JOIN LATERAL (
                    SELECT b.res_id AS id FROM construction_binding b
                     WHERE b.platform_id = e.platform_id AND b.object = 'commitment'
                       AND b.res_model = 'purchase.order' AND b.unlinked IS NOT TRUE
                       AND b.external_id = CASE jsonb_typeof(k.ref) WHEN 'string'
                                                THEN k.ref #>> '{}' END
                     UNION
                    SELECT b.res_id FROM construction_binding b
                     WHERE b.platform_id = e.platform_id AND b.object = 'commitment'
                       AND b.res_model = 'purchase.order' AND b.unlinked IS NOT TRUE
                       AND b.origin_id = k.ref ->> 'origin_id'
                     UNION
                    SELECT w.id FROM purchase_order w
                     WHERE w.commitment_number = k.ref ->> 'number'
                       AND w.company_id = p.company_id) w
             WHERE e.id = r.id
            """
        )
