from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from .construction_guard import FINANCE, guard
from .construction_lock_change import KINDS

ACCOUNTANT = "account.group_account_manager"
JOB_COST = "job_cost"


class ConstructionLock(models.Model):
    """Until when a company is locked, in one screen: the lock dates of Odoo's ledger and the
    months of job cost, with who set them and when, and the exceptions that are in force."""

    _name = "construction.lock"
    _description = "Lock Date"
    _check_company_auto = True
    _auto = False
    _order = "company_id, number"
    _rec_name = "kind"

    company_id = fields.Many2one("res.company", readonly=True)
    number = fields.Integer(readonly=True)
    kind = fields.Selection(
        [*KINDS, (JOB_COST, "Job cost")],
        string="Lock",
        readonly=True,
        help="A hard lock cannot be taken back and knows no exception.",
    )
    locked_until = fields.Date(readonly=True, help="The last day that is locked.")
    changed_by_id = fields.Many2one("res.users", string="By", readonly=True)
    changed_at = fields.Datetime(string="Since", readonly=True)
    reason = fields.Char(readonly=True)
    exceptions = fields.Integer(readonly=True, help="In force now.")
    may_set = fields.Boolean(compute="_compute_may_set")

    @property
    def _table_query(self):
        """A lock date that was set before this addon came has no history."""
        values = SQL(", ").join(
            SQL("(%s, %s, c.%s)", number, name, SQL.identifier(name))
            for number, (name, _label) in enumerate(KINDS, start=1)
        )
        return SQL(
            """
            SELECT c.id * 10 + v.number AS id, c.id AS company_id, v.number,
                   v.kind::varchar AS kind, v.day AS locked_until, h.changed_by_id, h.changed_at,
                   h.reason, COALESCE(x.exceptions, 0) AS exceptions
              FROM res_company c
             CROSS JOIN LATERAL (VALUES %(values)s) v (number, kind, day)
              LEFT JOIN LATERAL (
                    SELECT h.changed_by_id, h.changed_at, h.reason
                      FROM construction_lock_change h
                     WHERE h.company_id = c.id AND h.kind = v.kind
                     ORDER BY h.id DESC LIMIT 1) h ON TRUE
              LEFT JOIN LATERAL (
                    SELECT count(*)::int AS exceptions FROM account_lock_exception e
                     WHERE e.company_id = c.id AND e.active AND e.lock_date_field = v.kind
                       AND (e.end_datetime IS NULL
                            OR e.end_datetime >= now() AT TIME ZONE 'UTC')) x ON TRUE
             UNION ALL
            SELECT c.id * 10, c.id, 0, %(job_cost)s, p.last_day, p.job_cost_by_id, p.job_cost_at,
                   NULL, 0
              FROM res_company c
              LEFT JOIN LATERAL (
                    SELECT (q.month + interval '1 month' - interval '1 day')::date AS last_day,
                           q.job_cost_by_id, q.job_cost_at
                      FROM construction_period q
                     WHERE q.company_id = c.id AND q.job_cost_state = 'locked'
                     ORDER BY q.month DESC LIMIT 1) p ON TRUE
            """,
            values=values,
            job_cost=JOB_COST,
        )

    @api.depends_context("uid")
    def _compute_may_set(self):
        user = self.env.user
        allowed = user.has_group(FINANCE) and user.has_group(ACCOUNTANT)
        for lock in self:
            lock.may_set = allowed and lock.kind != JOB_COST

    # --------------------------------------------------------------- rights
    @guard("lock", FINANCE)
    def _check_finance(self):
        return self.env._("Finance sets the lock dates.")

    def _check_may_set(self):
        """Finance, with the right that Odoo asks of whoever locks its ledger."""
        self._check_finance()
        if not self.env.user.has_group(ACCOUNTANT):
            raise AccessError(
                self.env._(
                    "Odoo lets its accounting administrators set lock dates: ask for "
                    "“Administrator” under Accounting in your user's rights."
                )
            )

    # -------------------------------------------------------------- buttons
    def action_set(self):
        return self._dialog("construction.lock.set", self.env._("Set the lock date"))

    def action_exempt(self):
        return self._dialog("construction.lock.exempt", self.env._("Allow an exception"))

    def _dialog(self, model, name):
        self.ensure_one()
        self._check_may_set()
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": model,
            "views": [[False, "form"]],
            "target": "new",
            "context": {
                "default_company_id": self.company_id.id,
                "default_kind": self.kind,
                "default_locked_until": self.locked_until,
            },
        }

    def action_open(self):
        """What the line is about: the months of job cost, or who changed the lock date."""
        self.ensure_one()
        self.check_access("read")
        name, domain = "construction_lock_change", [("kind", "=", self.kind)]
        if self.kind == JOB_COST:
            name, domain = "construction_period", []
        return self.env["ir.actions.act_window"]._for_xml_id(
            f"construction_sync_base.action_{name}"
        ) | {"domain": [("company_id", "=", self.company_id.id), *domain], "context": {}}

    def action_open_exceptions(self):
        self.ensure_one()
        self.check_access("read")
        return self.env["ir.actions.act_window"]._for_xml_id(
            "construction_sync_base.action_construction_lock_exception"
        ) | {
            "domain": [
                ("company_id", "=", self.company_id.id),
                ("lock_date_field", "=", self.kind),
            ]
        }
