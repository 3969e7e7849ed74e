import logging
import time
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from .construction_event import UNFINISHED
from .construction_issue import OPEN

_logger = logging.getLogger(__name__)

BATCH = 1000
RUN_SECONDS = 300


class ConstructionRetention(models.Model):
    """How long recorded data is kept, per kind and company; 0 days keep it for ever.

    Nothing unfinished and nothing under a legal hold is touched. Events stay as rows for
    ever, with their identity and digest: a repeated delivery is recognised in any case.
    """

    _name = "construction.retention"
    _description = "Retention Period"
    _check_company_auto = True
    _order = "kind, company_id desc"
    _rec_name = "kind"

    kind = fields.Selection(
        [
            ("delivery", "Bodies of deliveries"),
            ("event", "Payloads of finished events"),
            ("issue", "Closed issues"),
            ("outbox", "What subscribers were told"),
            ("audit", "Audit trail"),
        ],
        required=True,
        readonly=True,
    )
    company_id = fields.Many2one("res.company", help="Empty: every company without its own.")
    days = fields.Integer(required=True, help="0 keeps it for ever.")
    last_run = fields.Datetime(readonly=True)
    last_count = fields.Integer(string="Removed last time", readonly=True)

    _once = models.UniqueIndex(
        "(kind, COALESCE(company_id, 0))", "There is a period for this kind and company already."
    )
    _sane = models.Constraint(
        "CHECK (days = 0 OR days >= CASE WHEN kind = 'audit' THEN 365 ELSE 30 END)",
        "Keep data for 30 days at least, the audit trail for 365, or set 0 for ever.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        periods = super().create(vals_list)
        for period in periods:
            period._tell()
        return periods

    def write(self, vals):
        done = super().write(vals)
        if vals.keys() - {"last_run", "last_count"}:
            for period in self:
                period._tell()
        return done

    def _tell(self):
        self.env["construction.audit"].sudo()._record(
            self, "retention_changed", {"kind": self.kind, "days": self.days}
        )

    # ------------------------------------------------------------------ run
    @api.model
    def _run(self, seconds=RUN_SECONDS):
        """Every day, in small transactions of their own; goes on tomorrow where it stopped."""
        deadline = time.monotonic() + seconds
        for period_id, company_id, kind, days in self._plan():
            removed, last = 0, 0
            while time.monotonic() < deadline:
                with self.env.registry.cursor() as cr:
                    model = self.with_env(self.env(cr=cr))
                    cutoff = fields.Datetime.now() - timedelta(days=days)
                    count, last = getattr(model, f"_take_{kind}")(company_id, cutoff, last)
                removed += count
                if last is None:
                    break
            with self.env.registry.cursor() as cr:
                self.with_env(self.env(cr=cr)).browse(period_id)._count(removed)

    @api.model
    def _plan(self):
        """(period, company, kind, days): the company's own period, else the shared one."""
        periods = self.sudo().search([])
        companies = self.env["res.company"].sudo().with_context(active_test=False).search([])
        plan = []
        for kind, _label in self._fields["kind"].selection:
            shared = periods.filtered(lambda p, k=kind: p.kind == k and not p.company_id)
            for company in companies:
                own = periods.filtered(
                    lambda p, k=kind, c=company: p.kind == k and p.company_id == c
                )
                period = own or shared
                if period.days:
                    plan.append((period.id, company.id, kind, period.days))
            if kind == "audit" and shared.days:
                plan.append((shared.id, 0, kind, shared.days))
        return plan

    def _count(self, removed):
        now = fields.Datetime.now()
        again = self.last_run and self.last_run > now - timedelta(seconds=2 * RUN_SECONDS)
        self.write({"last_run": now, "last_count": removed + (self.last_count if again else 0)})

    def _holds(self):
        return self.env["construction.legal.hold"]._active()

    def _take_event(self, company_id, cutoff, last):
        """One batch. Every `_take_*` has these parameters and this answer.

        :param last: highest id seen so far
        :return: how many were taken, and the new `last`; None at the end
        """
        return self._batch(
            SQL(
                """
                UPDATE construction_event SET payload = NULL, last_error = NULL,
                       approved_note = NULL, erased_at = now() AT TIME ZONE 'UTC'
                 WHERE id IN (SELECT id FROM found)
                """
            ),
            SQL(
                """
                SELECT e.id FROM construction_event e
                 WHERE e.id > %s AND e.company_id = %s AND e.payload IS NOT NULL
                   AND e.processed_at < %s AND e.state <> ALL(%s) AND NOT %s
                 ORDER BY e.id LIMIT %s FOR UPDATE SKIP LOCKED
                """,
                last, company_id, cutoff, list(UNFINISHED), self._holds()._events("e"), BATCH,
            ),
        )  # fmt: skip

    def _take_delivery(self, company_id, cutoff, last):
        return self._batch(
            SQL(
                """
                UPDATE construction_delivery SET body = NULL, headers = NULL,
                       erased_at = now() AT TIME ZONE 'UTC'
                 WHERE id IN (SELECT id FROM found)
                """
            ),
            SQL(
                """
                SELECT d.id FROM construction_delivery d
                 WHERE d.id > %s AND d.company_id = %s AND d.body IS NOT NULL
                   AND d.received_at < %s AND NOT %s
                   AND NOT EXISTS (SELECT FROM construction_event e
                                    WHERE e.delivery_id = d.id AND e.state = ANY(%s))
                   AND NOT EXISTS (SELECT FROM construction_issue i
                                    WHERE i.delivery_id = d.id AND i.state = ANY(%s))
                 ORDER BY d.id LIMIT %s FOR UPDATE SKIP LOCKED
                """,
                last, company_id, cutoff, self._holds()._deliveries("d"), list(UNFINISHED),
                list(OPEN), BATCH,
            ),
        )  # fmt: skip

    def _take_issue(self, company_id, cutoff, last):
        ids = self._select(
            SQL(
                """
                SELECT i.id FROM construction_issue i
                  LEFT JOIN construction_event e ON e.id = i.event_id
                  LEFT JOIN construction_delivery d ON d.id = i.delivery_id
                 WHERE i.id > %s AND i.company_id = %s AND i.closed_at < %s
                   AND i.state <> ALL(%s) AND (e.id IS NULL OR e.state <> ALL(%s))
                   AND NOT (e.id IS NOT NULL AND %s) AND NOT (d.id IS NOT NULL AND %s)
                 ORDER BY i.id LIMIT %s
                """,
                last, company_id, cutoff, list(OPEN), list(UNFINISHED),
                self._holds()._events("e"), self._holds()._deliveries("d"), BATCH,
            )
        )  # fmt: skip
        self.env["construction.issue"].sudo().browse(ids).unlink()
        return len(ids), ids[-1] if len(ids) == BATCH else None

    def _take_outbox(self, company_id, cutoff, last):
        """What is sent or discarded goes with its tries."""
        return self._batch(
            SQL("DELETE FROM construction_outbox WHERE id IN (SELECT id FROM found)"),
            SQL(
                """
                SELECT o.id FROM construction_outbox o
                 WHERE o.id > %s AND o.company_id = %s AND o.created_at < %s
                   AND o.state IN ('sent', 'discarded')
                   AND NOT EXISTS (SELECT FROM construction_event e
                                    WHERE e.id = o.event_id AND %s)
                 ORDER BY o.id LIMIT %s FOR UPDATE SKIP LOCKED
                """,
                last, company_id, cutoff, self._holds()._events("e"), BATCH,
            ),
        )  # fmt: skip

    def _take_audit(self, company_id, cutoff, last):
        """Whole seals from the start of the chain; first the chain says so, then rows go."""
        Seal = self.env["construction.audit.seal"].sudo()
        if not last:
            Seal._retire(company_id, cutoff, self._holds()._audit_rows("a"))
        count = Seal._prune(BATCH)
        return count, 1 if count == BATCH else None

    def _batch(self, update, found):
        ids = [
            row[0]
            for row in self.env.execute_query(
                SQL("WITH found AS MATERIALIZED (%s) %s RETURNING id", found, update)
            )
        ]
        return len(ids), max(ids) if len(ids) == BATCH else None

    def _select(self, query):
        return [row[0] for row in self.env.execute_query(query)]
