from dateutil.relativedelta import relativedelta
from markupsafe import Markup
from odoo import api, fields, models
from odoo.tools import SQL, formatLang


class ConstructionPeriodClose(models.Model):
    """A month with its checklist, and how long it took to close."""

    _inherit = "construction.period"

    currency_id = fields.Many2one(related="company_id.currency_id")
    check_ids = fields.One2many(
        "construction.period.check",
        "period_id",
        string="Checklist",
        groups="construction_sync_base.group_project_manager,"
        "construction_sync_base.group_finance,construction_sync_base.group_auditor",
    )
    open_checks = fields.Integer(compute="_compute_open_checks", help="Lines of the checklist.")
    open_amount = fields.Monetary(
        string="Not in the books",
        compute="_compute_open_checks",
        help="Each document once, though it can stand in several lines of the checklist.",
    )
    days_to_close = fields.Integer(
        compute="_compute_days_to_close",
        store=True,
        aggregator="avg",
        help="From the last day of the month to the lock of its job cost; 0 until then.",
    )

    @api.depends("job_cost_state")
    def _compute_open_checks(self):
        """Of months that are not locked: what was open then is in the chatter."""
        asked = self.filtered(lambda period: period.job_cost_state != "locked")
        found = {}
        if asked.ids and self.env["construction.period.check"].has_access("read"):
            rows = self.env["construction.period.check"]._read_group(
                [("period_id", "in", asked.ids), ("state", "=", "open")],
                ["period_id"],
                ["__count", "counted_amount:sum"],
            )
            found = {period: (lines, amount) for period, lines, amount in rows}
        for period in self:
            period.open_checks, period.open_amount = found.get(period, (0, 0))

    @api.depends("job_cost_state", "job_cost_at", "month")
    def _compute_days_to_close(self):
        for period in self:
            locked = period.job_cost_state == "locked" and period.job_cost_at
            last = period.month and period.month + relativedelta(months=1, days=-1)
            period.days_to_close = (locked.date() - last).days if locked and last else 0

    def _read_group_select(self, aggregate_spec, query):
        """Months that are not locked have no days to close: they are in no average."""
        sql = super()._read_group_select(aggregate_spec, query)
        if aggregate_spec.startswith("days_to_close:"):
            state = self._field_to_sql(self._table, "job_cost_state", query)
            sql = SQL("%s FILTER (WHERE %s = 'locked')", sql, state)
        return sql

    def _go(self, state, reason=False):
        """What was open when a month was locked stays on record with it."""
        left = self._left_open() if state == "locked" else ()
        result = super()._go(state, reason)
        if left:
            self.env["construction.audit"].sudo()._record(
                self,
                "job_cost_locked_with",
                {"open": {row.key: [row.documents, str(row.amount)] for row in left}},
            )
            self.sudo().message_post(body=self._told_open(left))
        return result

    def _left_open(self):
        self.env.flush_all()
        return (
            self.env["construction.period.check"]
            .sudo()
            .search(
                [
                    ("period_id", "=", self.id),
                    ("state", "=", "open"),
                    ("key", "!=", "lock_job_cost"),
                ]
            )
        )

    def _told_open(self, left):
        rows = Markup().join(
            Markup("<li>%s: %s, %s</li>")
            % (
                row.name,
                row.documents,
                formatLang(self.env, row.amount, currency_obj=self.currency_id),
            )
            for row in left
        )
        return Markup("%s<ul>%s</ul>") % (self.env._("Open when it was locked:"), rows)
