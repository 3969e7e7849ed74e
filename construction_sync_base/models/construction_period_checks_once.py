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

    def _held_drafts(self):
        """Drafts on hold: they count there and not at the gate."""
        return SQL(
            "SELECT m.id, %s FROM account_move m WHERE m.state = 'draft' AND %s",
            self.env["account.move"]._coded_cost(SQL("m.id")),
            self._is_held(SQL("m.id")),
        )

    def _billed_elsewhere(self):
        """Of order lines what draft bills and waiting events bill or accrue: it counts with
        those. With the tax that is cost, as what is unbilled has it."""
        return SQL(
            """
            SELECT b.id, ROUND(SUM(t.amount * (1 + COALESCE(b.tax_cost_amount::numeric
                                                   / NULLIF(b.price_subtotal, 0), 0))), 2)
              FROM (%s UNION ALL %s) t (id, amount)
              JOIN purchase_order_line b ON b.id = t.id
             GROUP BY b.id
            """,
            self._drafted_lines(),
            self._waiting_lines(),
        )

    def _drafted_lines(self):
        """Items of order lines in the drafts that a line of the checklist counts."""
        return SQL(
            """
            SELECT i.purchase_line_id, i.balance
              FROM account_move m
             CROSS JOIN LATERAL (SELECT i.purchase_line_id, i.balance FROM %s) i
             WHERE m.company_id = p.company_id AND m.date <= p.last_day AND m.state = 'draft'
               AND (COALESCE(m.auto_post, 'no') <> 'at_date'
                    OR m.release_state = 'to_release' OR %s)
            """,
            self.env["account.move"]._coded_items(SQL("m.id")),
            self._is_held(SQL("m.id")),
        )

    def _waiting_lines(self):
        """What waiting events say of lines of commitments; of a commitment with one line they
        need not name it."""
        return SQL(
            """
            SELECT b.id, w.amount
              FROM (%s) w
             CROSS JOIN LATERAL (%s) q (id)
              JOIN purchase_order_line b ON b.order_id = q.id AND b.display_type IS NULL
               AND (b.line_ref = w.line_ref
                    OR w.line_ref IS NULL AND NOT EXISTS (
                       SELECT FROM purchase_order_line s
                        WHERE s.order_id = q.id AND s.id <> b.id AND s.display_type IS NULL))
             WHERE w.amount IS NOT NULL
            """,
            self._events_lines(),
            self._order_of_reference(),
        )

    def _order_of_reference(self):
        """Id of the order that reference `w.ref` of a platform means."""
        return SQL(
            """
            SELECT b.res_id FROM construction_binding b
             WHERE jsonb_typeof(w.ref) = 'string' AND b.external_id = w.ref #>> '{}'
               AND b.platform_id = w.platform_id AND b.object = 'commitment'
               AND b.res_model = 'purchase.order' AND b.unlinked IS NOT TRUE
             UNION
            SELECT b.res_id FROM construction_binding b
             WHERE jsonb_typeof(w.ref) = 'object' AND b.origin_id = w.ref ->> 'origin_id'
               AND b.platform_id = w.platform_id AND b.object = 'commitment'
               AND b.res_model = 'purchase.order' AND b.unlinked IS NOT TRUE
             UNION
            SELECT n.id FROM purchase_order n
             WHERE jsonb_typeof(w.ref) = 'object' AND n.commitment_number = w.ref ->> 'number'
               AND n.company_id = p.company_id AND n.state <> 'cancel'
            """
        )
