from odoo import api, models
from odoo.tools import SQL

from .construction_period_check import Check

# what books cost; its lines bear the amounts
COST_EVENTS = (
    "construction.accrual.proposed.v1",
    "construction.direct_cost.approved.v1",
    "construction.supplier_invoice.received.v1",
)


class ConstructionPeriodChecks(models.Model):
    """What has not arrived in a month yet, what is to be accrued, and what waits for whom."""

    _inherit = "construction.period.check"

    @api.model
    def _checks(self):
        return (
            super()._checks()
            | self._checks_arriving()
            | self._checks_accruals()
            | self._checks_decisions()
        )

    # ------------------------------------------------------------ arriving
    def _checks_arriving(self):
        finance = self.env._("Finance")
        return {
            "events": Check(
                self.env._("Events that wait"),
                "arriving",
                self.env._("Integration Managers, or whom the issue names"),
                "construction.event",
                self._events_rows(),
                counted=True,
                action="construction_sync_base.action_construction_event",
            ),
            "holds": Check(
                self.env._("Bills on hold"),
                "arriving",
                self.env._("Finance or a Project Manager"),
                "account.move",
                self._holds_rows(),
                counted=True,
                action="construction_sync_base.action_construction_bill",
            ),
            "drafts": Check(
                self.env._("Drafts of bills and entries"),
                "arriving",
                finance,
                "account.move",
                self._drafts_rows(),
                counted=True,
            ),
            "certificates": Check(
                self.env._("Certificates without a bill"),
                "arriving",
                finance,
                note=self.env._("with the billing addon"),
            ),
            "hours": Check(
                self.env._("Hours not posted"),
                "arriving",
                self.env._("Project Managers and Payroll"),
                note=self.env._("with the labor addon"),
            ),
        }

    @api.model
    def _cost_events(self):
        """The types of events that book cost; an addon that brings one adds it."""
        return COST_EVENTS

    def _events_rows(self):
        return SQL(
            "SELECT w.id, ROUND(COALESCE(SUM(w.amount), 0), 2) FROM (%s) w GROUP BY w.id",
            self._events_lines(),
        )

    def _events_lines(self):
        """Events that wait, line by line: by the date or month that the event names, else when
        it happened. What books no cost has no line and is worth nothing; the rest is worth its
        lines at the rate of today, a credit note below 0, a prepayment nothing. A currency
        that Odoo does not have counts without its amount."""
        return SQL(
            """
            SELECT e.id, e.platform_id, l ->> 'commitment_line_id' AS line_ref,
                   COALESCE(NULLIF(l -> 'commitment', 'null'), c.data -> 'commitment') AS ref,
                   (l ->> 'amount')::numeric * o.rate / NULLIF(d.rate, 0)
                   * CASE c.data ->> 'kind' WHEN 'credit_note' THEN -1
                          WHEN 'prepayment' THEN 0 ELSE 1 END AS amount
              FROM construction_event e
              JOIN res_company y ON y.id = e.company_id
             CROSS JOIN LATERAL (  -- OFFSET: read the text once, not for each currency
                    SELECT e.payload::jsonb -> 'data' AS data OFFSET 0) c
              LEFT JOIN LATERAL jsonb_array_elements(
                    CASE jsonb_typeof(c.data -> 'lines')
                    WHEN 'array' THEN c.data -> 'lines' ELSE '[]' END) l
                ON e.type = ANY(%(booking)s)
               AND l ->> 'amount' ~ '^-?[0-9]{1,13}([.][0-9]{1,8})?$'
              LEFT JOIN res_currency u ON u.name = c.data ->> 'currency'
                     OR (c.data ->> 'currency' IS NULL AND u.id = y.currency_id)
             CROSS JOIN LATERAL (SELECT (%(rate)s) AS rate) d
             CROSS JOIN LATERAL (SELECT (%(own_rate)s) AS rate) o
             WHERE e.company_id = p.company_id AND e.state IN ('pending', 'parked', 'dead')
               AND COALESCE(c.data ->> 'date', c.data ->> 'month',
                            COALESCE(e.time, e.received_at)::date::text)
                   <= to_char(p.last_day, 'YYYY-MM-DD')
            """,
            booking=list(self._cost_events()),
            rate=self._rate_of(SQL("u.id")),
            own_rate=self._rate_of(SQL("y.currency_id")),
        )

    def _rate_of(self, currency):
        """Today's rate of a currency for company `y`, as Odoo takes it; NULL without one."""
        return SQL(
            """CASE WHEN %(currency)s IS NULL THEN NULL ELSE COALESCE((
                    SELECT r.rate FROM res_currency_rate r
                     WHERE r.currency_id = %(currency)s AND r.name <= CURRENT_DATE
                       AND (r.company_id IS NULL
                            OR r.company_id = split_part(y.parent_path, '/', 1)::int)
                     ORDER BY r.company_id, r.name DESC LIMIT 1), 1)::numeric END""",
            currency=currency,
        )

    def _holds_rows(self):
        """What is posted and on hold is in the books: it is counted without an amount."""
        return SQL(
            """
            SELECT m.id, CASE WHEN m.state = 'draft' THEN %(cost)s ELSE 0 END
              FROM account_move m
             WHERE m.company_id = p.company_id AND m.date <= p.last_day AND m.state <> 'cancel'
               AND %(held)s
            """,
            cost=self.env["account.move"]._coded_cost(SQL("m.id")),
            held=self._is_held(SQL("m.id")),
        )

    def _drafts_rows(self):
        """Neither submitted nor on hold, with cost of a job; what Odoo posts by itself on its
        day is no draft that anybody forgot."""
        moves = self.env["account.move"]
        return SQL(
            """
            SELECT m.id, %(cost)s
              FROM account_move m
             WHERE m.company_id = p.company_id AND m.date <= p.last_day AND m.state = 'draft'
               AND m.release_state IS DISTINCT FROM 'to_release'
               AND COALESCE(m.auto_post, 'no') <> 'at_date'
               AND NOT %(held)s AND EXISTS (SELECT FROM %(items)s)
            """,
            cost=moves._coded_cost(SQL("m.id")),
            held=self._is_held(SQL("m.id")),
            items=moves._coded_items(SQL("m.id")),
        )

    # ------------------------------------------------------------- accruals
    def _checks_accruals(self):
        managers = self.env._("Project Managers or Finance")
        lines = "construction_sync_base.action_construction_commitment_line"
        accruals = "construction_sync_base.action_construction_accrual"
        received = self._unbilled_rows(
            SQL(
                """(l.qty_received <> 0 OR o.commitment_type IN ('subcontract', 'service'))
                   AND (%s) IS NOT TRUE""",
                self._rented(),
            )
        )
        rent = self._unbilled_rows(self._rented())
        billed = self._billed_elsewhere()
        return {
            "received": Check(
                self.env._("Received or in place, not billed"),
                "accruals",
                managers,
                "purchase.order.line",
                received,
                counted=True,
                elsewhere=billed,
                action=lines,
            ),
            "rent": Check(
                self.env._("Rent of the days until month-end"),
                "accruals",
                managers,
                "purchase.order.line",
                rent,
                counted=True,
                elsewhere=billed,
                action=lines,
                applies=SQL(
                    """EXISTS (SELECT FROM purchase_order o
                                WHERE o.company_id = p.company_id AND %s)""",
                    self._rented(),
                ),
                note=self.env._("nothing is rented"),
            ),
            "not_proposed": Check(
                self.env._("Not proposed as an accrual"),
                "accruals",
                managers,
                "purchase.order.line",
                self._not_proposed_rows(received, rent),
                action=lines,
            ),
            "unreleased": Check(
                self.env._("Accruals not released"),
                "accruals",
                self.env._("Finance"),
                "construction.accrual",
                SQL(
                    """SELECT a.id, a.amount_total FROM construction_accrual a
                        WHERE a.company_id = p.company_id AND a.month <= p.month
                          AND a.state = 'draft'"""
                ),
                action=accruals,
            ),
            "unreversed": Check(
                self.env._("Accruals of months before, not taken back"),
                "accruals",
                self.env._("Finance"),
                "construction.accrual",
                SQL(
                    """SELECT a.id, -a.amount_total FROM construction_accrual a
                         JOIN account_move m ON m.id = a.reversal_id AND m.state <> 'posted'
                        WHERE a.company_id = p.company_id AND a.state = 'posted'
                          AND a.reverses_on <= p.last_day"""
                ),
                action=accruals,
            ),
        }

    def _rented(self):
        """On `o`: an order whose rent runs by day."""
        return SQL(
            """o.commitment_type = 'rental' AND o.start_on IS NOT NULL AND o.state = 'purchase'
               AND o.closed_state <> 'final'"""
        )

    def _unbilled_rows(self, condition):
        return self.env["construction.job.cost"]._unbilled_query(
            SQL(
                """o.company_id = p.company_id AND o.state = 'purchase'
                   AND o.closed_state <> 'final' AND %s""",
                condition,
            ),
            SQL("p.last_day"),
        )

    def _not_proposed_rows(self, *parts):
        """What of it no draft of the month covers. What a draft of any month replaces is still
        in the books of its own, and will not be: that much covers nothing."""
        return SQL(
            """
            SELECT n.id, n.amount - COALESCE(a.amount, 0)
              FROM (%s) n (id, amount)
              LEFT JOIN LATERAL (
                    SELECT SUM(CASE x.state WHEN 'draft' THEN l.amount
                                    ELSE -l.amount END) AS amount
                      FROM construction_accrual_line l
                      JOIN construction_accrual x ON x.id = l.accrual_id
                     WHERE l.purchase_line_id = n.id AND x.month = p.month
                       AND (x.state = 'draft' OR x.state = 'posted' AND EXISTS (
                            SELECT FROM construction_accrual d
                             WHERE d.replaces_id = x.id AND d.state = 'draft'))) a ON TRUE
             WHERE n.amount > COALESCE(a.amount, 0)
            """,
            SQL(" UNION ALL ").join(parts),
        )

    # ------------------------------------------------------------ decisions
    def _checks_decisions(self):
        """A line for each kind of document that stands at the release gate."""
        checks = {}
        gate = self.env["construction.release.mixin"]
        labels = dict(gate._document_types())
        for model in gate._gated_models():
            kind = model._release_type
            checks[f"gate_{kind}"] = Check(
                self.env._("Waits for release: %s", labels[kind]),
                "decisions",
                self.env._("who approves or releases it"),
                model._name,
                self._gate_rows(model),
                counted=kind == "supplier_invoice",
                elsewhere=self._held_drafts() if kind == "supplier_invoice" else None,
            )
        return checks

    def _gate_rows(self, model):
        day, amount = model._release_waiting_columns()
        return SQL(
            """
            SELECT d.id, %(amount)s FROM %(table)s d
             WHERE d.company_id = p.company_id AND d.release_state = 'to_release'
               AND COALESCE(%(day)s, p.last_day) <= p.last_day
            """,
            amount=amount,
            day=day,
            table=SQL.identifier(model._table),
        )
