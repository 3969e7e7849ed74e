from datetime import date

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from .purchase_order import CONFIRMED

JOB_STATUSES = [
    ("bid", "Bid"),
    ("active", "Active"),
    ("on_hold", "On hold"),
    ("completed", "Completed"),
    ("closed", "Closed"),
]
CONTRACT_TYPES = [
    ("lump_sum", "Lump sum"),
    ("unit_price", "Unit price"),
    ("cost_plus", "Cost plus"),
    ("gmp", "Guaranteed maximum price"),
    ("time_and_material", "Time and material"),
    ("mixed", "Mixed"),
]
# What a job of each status still takes. A completed job takes final bills, receipts,
# retention and corrections; a closed one nothing.
TAKES = {
    "bid": {"change", "cost", "labor"},
    "active": {"commitment", "change", "cost", "labor"},
    "on_hold": {"change", "cost", "labor"},
    "completed": {"change", "cost"},
    "closed": set(),
}


class ProjectProject(models.Model):
    """A job is a project with a number, a status, a company and an analytic account of
    its own. Closing changes the status, never `active`."""

    _inherit = "project.project"

    is_job = fields.Boolean(string="Construction job", index=True, copy=False)
    job_number = fields.Char(index="trigram", copy=False, tracking=True)
    job_status = fields.Selection(JOB_STATUSES, tracking=True, index="btree_not_null", copy=False)
    parent_job_id = fields.Many2one(
        "project.project",
        string="Parent job",
        domain="[('is_job', '=', True), ('company_id', '=', company_id)]",
        index="btree_not_null",
        copy=False,
        ondelete="restrict",
    )
    sub_job_ids = fields.One2many("project.project", "parent_job_id", string="Sub jobs")
    contract_type = fields.Selection(CONTRACT_TYPES)
    time_zone = fields.Char(help="Dates of documents and days of work are in this zone.")
    job_email = fields.Char(string="Project manager at the platform")
    substantial_completion_on = fields.Date()
    completed_on = fields.Date(copy=False, tracking=True)
    closed_on = fields.Date(copy=False, tracking=True)
    job_city = fields.Char(string="City")
    job_address = fields.Char(string="Address")
    budget_ids = fields.One2many("construction.budget", "job_id", string="Budgets")
    forecast_ids = fields.One2many("construction.forecast", "job_id", string="Forecasts")
    progress_ids = fields.One2many("construction.progress", "job_id", string="Progress reports")
    budget_id = fields.Many2one(
        "construction.budget", string="Approved budget", compute="_compute_job_figures"
    )
    budget_change_ids = fields.One2many(
        "construction.budget.change", "job_id", string="Budget changes"
    )
    commitment_ids = fields.One2many("purchase.order", "project_id", string="Commitments")
    commitment_count = fields.Integer(compute="_compute_job_figures")
    job_baseline_amount = fields.Monetary(string="Baseline", compute="_compute_job_figures")
    job_original_amount = fields.Monetary(string="Original budget", compute="_compute_job_figures")
    job_changes_amount = fields.Monetary(string="Approved changes", compute="_compute_job_figures")
    job_budget_amount = fields.Monetary(string="Revised budget", compute="_compute_job_figures")
    job_contingency_amount = fields.Monetary(
        string="Contingency left", compute="_compute_job_figures"
    )
    job_committed_amount = fields.Monetary(string="Committed", compute="_compute_job_figures")
    job_pending_amount = fields.Monetary(string="Pending", compute="_compute_job_figures")
    job_actual_amount = fields.Monetary(string="Actual", compute="_compute_job_figures")
    job_open_amount = fields.Monetary(string="Open commitment", compute="_compute_job_figures")
    job_available_amount = fields.Monetary(string="Available", compute="_compute_job_figures")
    job_at_completion = fields.Monetary(string="Cost at completion", compute="_compute_job_figures")
    as_of = fields.Datetime(string="As of", compute="_compute_not_in_here")
    waiting_event_count = fields.Integer(
        string="Events not applied", compute="_compute_not_in_here"
    )
    waiting_amount = fields.Monetary(string="Amount at stake", compute="_compute_not_in_here")
    not_in_here = fields.Char(string="Not in here yet", compute="_compute_not_in_here")

    _job_complete = models.Constraint(
        "CHECK (is_job IS NOT TRUE OR (company_id IS NOT NULL AND account_id IS NOT NULL"
        " AND job_number IS NOT NULL AND job_status IS NOT NULL))",
        "A job needs a number, a status, a company and an analytic account.",
    )
    _job_number_unique = models.UniqueIndex(
        "(company_id, job_number) WHERE is_job", "This job number is taken in this company."
    )
    # how a job is found that was typed while its platform was down
    _typed_number = models.Index("(company_id, lower(btrim(job_number))) WHERE is_job")
    _job_account_unique = models.UniqueIndex(
        "(account_id) WHERE is_job", "Another job uses this analytic account."
    )

    @api.depends("name", "job_number", "is_job")
    def _compute_display_name(self):
        jobs = self.filtered("is_job")
        for job in jobs:
            job.display_name = " ".join(filter(None, (job.job_number, job.name))) or False
        return super(ProjectProject, self - jobs)._compute_display_name()

    @api.model
    def _search_display_name(self, operator, value):
        domain = super()._search_display_name(operator, value)
        if operator in ("ilike", "=", "like") and isinstance(value, str):
            return fields.Domain.OR([domain, [("job_number", operator, value)]])
        return domain

    def _compute_job_figures(self):
        jobs = self.filtered("is_job")
        totals = self.env["construction.job.cost"]._totals(jobs)
        budgets = {
            budget.job_id.id: budget
            for budget in self.env["construction.budget"].search(
                [("job_id", "in", jobs.ids), ("state", "=", "approved")]
            )
        }
        counts = dict(
            self.env["purchase.order"]._read_group(
                [("project_id", "in", jobs.ids), ("state", "!=", "cancel")],
                ["project_id"],
                ["__count"],
            )
        )
        for job in self:
            figures = totals.get(job.id, {})
            job.budget_id = budgets.get(job.id, False)
            job.commitment_count = counts.get(job, 0)
            job.job_baseline_amount = figures.get("baseline", 0)
            job.job_original_amount = figures.get("original", 0)
            job.job_changes_amount = figures.get("changes", 0)
            job.job_budget_amount = figures.get("budget", 0)
            job.job_contingency_amount = figures.get("contingency", 0)
            job.job_committed_amount = figures.get("committed", 0)
            job.job_pending_amount = figures.get("pending", 0)
            job.job_actual_amount = figures.get("actual", 0)
            job.job_open_amount = figures.get("open", 0)
            job.job_available_amount = figures.get("available", 0)
            job.job_at_completion = figures.get("at_completion", 0)

    def _compute_not_in_here(self):
        """What a project manager has to know before trusting the figures."""
        jobs = self.filtered("is_job")
        waiting = self.env["construction.job.cost"]._waiting(jobs)
        for job in self:
            count, amount = waiting.get(job.id, (0, 0))
            job.as_of = fields.Datetime.now()
            job.waiting_event_count = count
            job.waiting_amount = amount
            job.not_in_here = (
                self.env._("%s platform events are not applied", count)
                if count
                else self.env._("nothing known is missing")
            )

    @api.constrains("parent_job_id", "company_id", "is_job")
    def _check_parent_job(self):
        for job in self.filtered("parent_job_id"):
            if job.parent_job_id.company_id != job.company_id or not job.parent_job_id.is_job:
                raise ValidationError(
                    self.env._("%s: a sub job belongs to a job of the same company.", job.name)
                )
        if self._has_cycle("parent_job_id"):
            raise ValidationError(self.env._("A job cannot be its own parent."))

    @api.model_create_multi
    def create(self, vals_list):
        vals_list = [self._job_values(vals) for vals in vals_list]
        bare = [vals for vals in vals_list if vals.get("is_job") and not vals.get("account_id")]
        if bare:
            plan = self.env["construction.coding"]._plan("job")
            accounts = (
                self.env["account.analytic.account"]
                .sudo()
                .create(
                    [
                        {
                            "name": vals.get("name"),
                            "code": vals.get("job_number"),
                            "plan_id": plan.id,
                            "company_id": vals["company_id"],
                            "partner_id": vals.get("partner_id"),
                        }
                        for vals in bare
                    ]
                )
            )
            for vals, account in zip(bare, accounts, strict=True):
                vals["account_id"] = account.id
        projects = super().create(vals_list)
        projects._announce()
        return projects

    def _job_values(self, vals):
        if not vals.get("is_job"):
            return dict(vals)
        vals = {"company_id": self.env.company.id, "job_status": "active"} | vals
        return self._status_dates(vals["job_status"]) | vals

    def _status_dates(self, status):
        """Completing and closing are dated; reopening takes the dates back. A job that is
        completed and no longer closed keeps the day on which it was completed."""
        today = fields.Date.context_today(self)
        if status == "closed":
            return {"closed_on": today}
        if status != "completed":
            return {"completed_on": False, "closed_on": False}
        dated = bool(self) and all(job.completed_on for job in self)
        return {"closed_on": False} | ({} if dated else {"completed_on": today})

    def _announce(self):
        """Events that named a job by its number may go on."""
        self.env["construction.resolver"]._available(
            [("job", job.job_number) for job in self if job.is_job]
        )

    def write(self, vals):
        self._refuse_job_change(vals)
        if "job_status" in vals:
            by_date = self.grouped(lambda job: bool(job.completed_on)).values()
            for jobs in by_date:  # at most two groups
                super(ProjectProject, jobs).write(jobs._status_dates(vals["job_status"]) | vals)
        else:
            super().write(vals)
        if "job_number" in vals or "is_job" in vals:
            self._announce()
        if "job_status" in vals:
            self.env["construction.resolver"]._available(
                [("job_open", str(job.id)) for job in self if job.is_job]
            )
        return True

    def _refuse_job_change(self, vals):
        """What orders, budgets and ledger entries of a job hang on stays as it is."""
        for job in self.filtered("is_job"):
            if "company_id" in vals and job.company_id.id != vals["company_id"]:
                raise UserError(self.env._("A job keeps the company it was opened in."))
            if "account_id" in vals and job.account_id.id != vals["account_id"]:
                raise UserError(self.env._("A job keeps its analytic account: its cost is on it."))
            if "is_job" in vals and not vals["is_job"]:
                raise UserError(self.env._("A job stays a job; close it when it is over."))
        if vals.get("is_job"):
            self.filtered(lambda project: not project.is_job)._refuse_ordered()

    def _refuse_ordered(self):
        """Orders that were confirmed without the rules of a job do not come under them."""
        order = (
            self.env["purchase.order"]
            .sudo()
            .search([("project_id", "in", self.ids), ("state", "in", CONFIRMED)], limit=1)
        )
        if order:
            raise UserError(
                self.env._(
                    "%(project)s cannot become a job: %(order)s was confirmed for it without cost "
                    "code, cost type and budget check. Open a job of its own.",
                    project=order.project_id.display_name,
                    order=order.display_name,
                )
            )

    @api.ondelete(at_uninstall=False)
    def _never_delete_job(self):
        if any(job.is_job for job in self):
            raise UserError(self.env._("Jobs are closed, never deleted."))

    # ----------------------------------------------------------------- gate
    def _refusal(self, what, on=None):
        """Why this job does not take `what`, or None.

        :param what: 'commitment' (a new one), 'change' (of a commitment), 'cost' (bill,
            entry, receipt) or 'labor'
        :param on: date of the labor; a completed job takes hours up to its completion
        """
        self.ensure_one()
        self = self.sudo()  # buyers and bookkeepers need not see the project
        if not self.is_job or what in TAKES[self.job_status]:
            return None
        if what == "labor" and self.job_status == "completed":
            worked = fields.Date.to_date(on) or date.max
            if self.completed_on and worked <= self.completed_on:
                return None
        status = dict(self._fields["job_status"]._description_selection(self.env))
        kinds = {
            "commitment": self.env._("no new commitments"),
            "change": self.env._("no changes of commitments"),
            "cost": self.env._("no cost"),
            "labor": self.env._("no hours"),
        }
        return self.env._(
            "Job %(job)s is %(status)s and takes %(what)s. Reopen the job or choose another.",
            job=self.display_name,
            status=status[self.job_status].lower(),
            what=kinds[what],
        )

    def _check_takes(self, what, on=None):
        """:raises UserError: when one of the jobs does not take it"""
        for job in self:
            refusal = job._refusal(what, on)
            if refusal:
                raise UserError(refusal)

    # -------------------------------------------------------------- buttons
    def action_open_budget(self):
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "construction_sync_base.action_construction_job_cost"
        )
        return action | {"domain": [("job_id", "=", self.id)], "context": {}}

    def action_open_commitments(self):
        self.ensure_one()
        self.check_access("read")
        return self.env["ir.actions.act_window"]._for_xml_id(
            "construction_sync_base.action_construction_commitment"
        ) | {
            "domain": [("project_id", "=", self.id)],
            "context": {"default_project_id": self.id},
        }

    def action_open_forecasts(self):
        """The job's forecasts; the first one starts with the figures of now."""
        self.ensure_one()
        self.check_access("read")
        return self.env["ir.actions.act_window"]._for_xml_id(
            "construction_sync_base.action_construction_forecast"
        ) | {
            "domain": [("job_id", "=", self.id)],
            "context": {"default_job_id": self.id, "search_default_not_superseded": 1},
        }

    def action_open_events(self):
        self.ensure_one()
        self.check_access("read")
        event_ids = self.env["construction.job.cost"]._event_ids(self)
        return self.env["ir.actions.act_window"]._for_xml_id(
            "construction_sync_base.action_construction_event"
        ) | {"domain": [("id", "in", event_ids)], "context": {}}
