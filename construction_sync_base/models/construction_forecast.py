from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from .construction_guard import FINANCE, PROJECT_MANAGER, guard

ZERO = Decimal(0)
# in a context it opens what only signing writes; an object cannot come by RPC
DOOR = object()
SIGNED = {
    "state", "signed_by_id", "signed_at", "signed_name", "as_of", "source", "previous_id",
    "cost_until",
}  # fmt: skip
FROZEN = {"job_id", "month", "line_ids", "comment", "revenue_at_completion", "completion_on"}


class ConstructionForecast(models.Model):
    """What a job will cost when it is done, as somebody signed it at the end of a month.

    One is signed for each job and month; signing again supersedes it and keeps it. Its
    lines hold the figures of the moment in which they were taken, so that a month's
    forecast can be compared with the next one.
    """

    _name = "construction.forecast"
    _description = "Job Forecast"
    _inherit = ["construction.of.job.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "month desc, job_id, id desc"
    _check_company_auto = True

    currency_id = fields.Many2one(related="company_id.currency_id")
    month = fields.Date(
        required=True, default=lambda self: self._this_month(), help="Its first day."
    )
    state = fields.Selection(
        [("draft", "Draft"), ("signed", "Signed"), ("superseded", "Superseded")],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
        tracking=True,
    )
    source = fields.Selection(
        [("odoo", "Entered here"), ("platform", "Platform")],
        required=True,
        default="odoo",
        readonly=True,
        copy=False,
    )
    as_of = fields.Datetime(
        string="Figures as of", readonly=True, copy=False, help="When cost and orders were read."
    )
    cost_until = fields.Date(
        string="Cost counted until",
        readonly=True,
        copy=False,
        help="The day from which a platform's estimate counts; empty: all cost there is.",
    )
    signed_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    signed_at = fields.Datetime(readonly=True, copy=False)
    signed_name = fields.Char(string="Approved at the platform by", readonly=True, copy=False)
    comment = fields.Text()
    revenue_at_completion = fields.Monetary()
    completion_on = fields.Date(string="Completion expected on")
    previous_id = fields.Many2one(
        "construction.forecast",
        string="Forecast before",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The signed one of the latest earlier month, when the figures were taken.",
    )
    line_ids = fields.One2many("construction.forecast.line", "forecast_id")
    budget = fields.Monetary(string="Revised budget", compute="_compute_totals", store=True)
    projected = fields.Monetary(compute="_compute_totals", store=True)
    to_complete = fields.Monetary(compute="_compute_totals", store=True)
    at_completion = fields.Monetary(compute="_compute_totals", store=True)
    variance = fields.Monetary(
        compute="_compute_totals", store=True, help="Revised budget less cost at completion."
    )
    fade = fields.Monetary(
        string="Change since last month",
        compute="_compute_fade",
        store=True,
        help="Positive: the job became dearer than the forecast before said.",
    )

    _month_first_day = models.Constraint(
        "CHECK (EXTRACT(DAY FROM month) = 1)", "A forecast is of a month: give its first day."
    )
    _one_signed = models.UniqueIndex(
        "(job_id, month) WHERE state = 'signed'", "This month of the job is signed already."
    )
    _one_draft = models.UniqueIndex(
        "(job_id, month, source) WHERE state = 'draft'", "There is a draft for this month already."
    )
    _signed_complete = models.Constraint(
        "CHECK (state = 'draft' OR (signed_at IS NOT NULL AND as_of IS NOT NULL"
        " AND (signed_by_id IS NOT NULL OR signed_name IS NOT NULL)))",
        "A signed forecast names who signed it and when.",
    )

    @api.model
    def _this_month(self):
        return fields.Date.context_today(self).replace(day=1)

    @api.depends("job_id", "month")
    def _compute_display_name(self):
        for forecast in self:
            forecast.display_name = self.env._(
                "%(job)s, forecast %(month)s",
                job=forecast.job_id.display_name or "",
                month=forecast.month.strftime("%Y-%m") if forecast.month else "",
            )

    @api.depends("line_ids.budget", "line_ids.projected", "line_ids.to_complete")
    def _compute_totals(self):
        for forecast in self:
            lines = forecast.line_ids
            forecast.budget = sum(lines.mapped("budget"))
            forecast.projected = sum(lines.mapped("projected"))
            forecast.to_complete = sum(lines.mapped("to_complete"))
            forecast.at_completion = forecast.projected + forecast.to_complete
            forecast.variance = forecast.budget - forecast.at_completion

    @api.depends("at_completion", "previous_id")  # the one before is signed: it stays
    def _compute_fade(self):
        for forecast in self:
            before = forecast.previous_id
            forecast.fade = forecast.at_completion - before.at_completion if before else 0

    @api.constrains("completion_on", "job_id")
    def _check_open_job(self):
        for forecast in self:
            if not forecast.job_id.is_job:
                raise ValidationError(self.env._("A forecast is of a construction job."))

    def _before(self):
        """The signed forecast of the latest earlier month: {forecast: forecast}."""
        signed = self.search(
            [("job_id", "in", self.job_id.ids), ("state", "=", "signed")], order="month desc"
        ).grouped("job_id")
        found = {}
        for forecast in self:
            earlier = signed.get(forecast.job_id, self.browse()).filtered(
                lambda before, month=forecast.month: before.month < month
            )
            found[forecast] = earlier[:1]
        return found

    # -------------------------------------------------------------- figures
    def action_take_figures(self):
        """Read budget, cost and orders of now, and add a line for each key that has any.

        :raises UserError: signed already
        """
        self._check_draft()
        positions = self.env["construction.job.cost"]._positions(self.job_id)
        until = {
            day: self.env["construction.job.cost"]._actual_until(forecasts.job_id, day)
            for day, forecasts in self.filtered("cost_until").grouped("cost_until").items()
        }
        missing, earlier = [], self._before()
        for forecast in self:
            forecast.with_context(construction_forecast=DOOR).previous_id = earlier[forecast]
            before = {line._key(): line for line in earlier[forecast].line_ids}
            keys = {key[1:] for key in positions if key[0] == forecast.job_id.id and all(key)}
            own = {line._key() for line in forecast.line_ids}
            missing += [
                {"forecast_id": forecast.id, "cost_code_id": code, "cost_type_id": kind}
                | (before[code, kind]._carried() if (code, kind) in before else {})
                for code, kind in sorted((keys | set(before)) - own)
            ]
        self.env["construction.forecast.line"].create(missing)
        for forecast in self:
            before = {line._key(): line.at_completion for line in earlier[forecast].line_ids}
            for line in forecast.line_ids:
                key = (forecast.job_id.id, *line._key())
                figures = dict(positions.get(key, {}))
                if forecast.cost_until:
                    figures["actual"] = until[forecast.cost_until].get(key, ZERO)
                line._take(figures, before.get(line._key(), 0))
        self.with_context(construction_forecast=DOOR).write({"as_of": fields.Datetime.now()})
        return True

    @guard("approve", PROJECT_MANAGER, FINANCE)
    def _check_signer(self):
        return self.env._("Forecasts are signed by Project Managers or Finance.")

    def action_sign(self):
        """Sign with the figures of now; the one signed before for this month is superseded.

        :raises UserError: not a draft
        :raises AccessError: neither Project Manager nor Finance
        """
        self._check_signer()
        self.action_take_figures()
        self._sign({"signed_by_id": self.env.uid})
        return True

    def _sign(self, values):
        before = self.search([("state", "=", "signed"), ("job_id", "in", self.job_id.ids)])
        months = {(forecast.job_id, forecast.month) for forecast in self}
        before = before.filtered(lambda forecast: (forecast.job_id, forecast.month) in months)
        before.with_context(construction_forecast=DOOR).write({"state": "superseded"})
        before.flush_recordset(["state"])
        self.with_context(construction_forecast=DOOR).write(
            {"state": "signed", "signed_at": fields.Datetime.now()} | values
        )
        self.flush_recordset(["state"])  # before another draft of the month is inserted

    def action_correct(self):
        """A new draft of the same month with the same entries."""
        self.ensure_one()
        if self.state == "draft":
            raise UserError(self.env._("This one is a draft: just edit it."))
        draft = self.copy({"month": self.month})
        self.env["construction.forecast.line"].create([
            {"forecast_id": draft.id, "cost_code_id": line.cost_code_id.id,
             "cost_type_id": line.cost_type_id.id, **line._carried()}
            for line in self.line_ids
        ])  # fmt: skip
        draft.action_take_figures()
        return draft._get_records_action(name=self.env._("Forecast"))

    def action_open_lines(self):
        """The lines over the whole width, to enter them one after the other."""
        self.ensure_one()
        return self.env["ir.actions.act_window"]._for_xml_id(
            "construction_sync_base.action_construction_forecast_line"
        ) | {
            "name": self.display_name,
            "domain": [("forecast_id", "=", self.id)],
            "context": {"default_forecast_id": self.id},
        }

    # ---------------------------------------------------------------- rules
    def _check_draft(self):
        if any(forecast.state != "draft" for forecast in self):
            raise UserError(
                self.env._("A signed forecast stays as it is: press “Correct” for a new one.")
            )

    @api.model_create_multi
    def create(self, vals_list):
        by_door = self.env.context.get("construction_forecast") is DOOR
        if not by_door and any(SIGNED & set(vals) for vals in vals_list):
            raise UserError(self.env._("A forecast is signed with its button."))
        return super().create(vals_list)

    def write(self, vals):
        by_door = self.env.context.get("construction_forecast") is DOOR
        if SIGNED & set(vals) and not by_door:
            raise UserError(self.env._("A forecast is signed with its button."))
        if FROZEN & set(vals):
            self._check_draft()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_drafts(self):
        self._check_draft()
