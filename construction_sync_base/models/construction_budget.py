from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..lib import budget_versions
from .construction_coding import EDIT_SENTINEL
from .construction_guard import FINANCE, PROJECT_MANAGER, guard

STATE = {"state", "approved_on", "is_baseline", "contained_change_ids"}
FROZEN = {"job_id", "version", "basis", "line_ids", "effective_on", "includes_changes"}


class ConstructionBudget(models.Model):
    """One version of a job's budget. One is approved at a time; the older ones stay as
    they were. The first approved one with basis `original` is the baseline for good.

    Revised budget = approved version + approved changes that it does not contain yet.
    """

    _name = "construction.budget"
    _description = "Job Budget"
    _inherit = [
        "construction.of.job.mixin",
        "mail.thread",
        "mail.activity.mixin",
        "construction.release.mixin",
    ]
    _order = "job_id, version_number desc, id desc"
    _rec_name = "version"
    _check_company_auto = True

    currency_id = fields.Many2one(related="company_id.currency_id")
    version = fields.Char(required=True, default="1", copy=False)
    version_number = fields.Integer(compute="_compute_version_number", store=True)
    basis = fields.Selection(
        [("original", "Original, without changes"), ("current", "Current, changes included")],
        required=True,
        default="original",
    )
    state = fields.Selection(
        [("draft", "Draft"), ("approved", "Approved"), ("superseded", "Superseded")],
        required=True,
        default="draft",
        copy=False,
        tracking=True,
        readonly=True,
    )
    effective_on = fields.Date()
    approved_on = fields.Datetime(readonly=True, copy=False)
    includes_changes = fields.Char(
        help="Changes that a current budget contains, as the platform names them."
    )
    contained_change_ids = fields.Many2many(
        "construction.budget.change",
        "construction_budget_contained_rel",
        "budget_id",
        "change_id",
        string="Changes it contains",
        readonly=True,
        copy=False,
        help="Found by their names when the version is approved; they do not count again.",
    )
    is_baseline = fields.Boolean(
        readonly=True, copy=False, help="The first approved budget of the job; it stays for good."
    )
    change_ids = fields.One2many(related="job_id.budget_change_ids", string="Changes")
    budget_lock = fields.Selection(related="job_id.budget_lock")
    line_ids = fields.One2many("construction.budget.line", "budget_id", copy=True)
    amount_total = fields.Monetary(string="Total", compute="_compute_amount_total", store=True)
    baseline_amount = fields.Monetary(string="Baseline", compute="_compute_figures")
    original_amount = fields.Monetary(string="Original", compute="_compute_figures")
    changes_amount = fields.Monetary(string="Approved changes", compute="_compute_figures")
    revised_amount = fields.Monetary(string="Revised", compute="_compute_figures")
    unlisted_amount = fields.Monetary(
        string="Changes of other codes",
        compute="_compute_unlisted_amount",
        help="Approved changes of cost codes and types that have no line in this version.",
    )
    contingency_amount = fields.Monetary(string="Contingency left", compute="_compute_figures")
    allowance_amount = fields.Monetary(string="Allowance left", compute="_compute_figures")
    committed_amount = fields.Monetary(compute="_compute_figures")
    actual_amount = fields.Monetary(compute="_compute_figures")
    pending_amount = fields.Monetary(compute="_compute_figures")
    available_amount = fields.Monetary(compute="_compute_figures")
    as_of = fields.Datetime(related="job_id.as_of")
    not_in_here = fields.Char(related="job_id.not_in_here")

    _one_approved = models.UniqueIndex(
        "(job_id) WHERE state = 'approved'", "This job has an approved budget already."
    )
    _one_baseline = models.UniqueIndex(
        "(job_id) WHERE is_baseline", "The baseline of this job stands already."
    )
    _version_unique = models.Constraint(
        "UNIQUE (job_id, version)", "This job has a budget of that version already."
    )

    @api.depends("job_id", "version")
    def _compute_display_name(self):
        for budget in self:
            budget.display_name = self.env._(
                "%(job)s, budget %(version)s",
                job=budget.job_id.display_name or "",
                version=budget.version,
            )

    @api.depends("version")
    def _compute_version_number(self):
        for budget in self:
            digits = "".join(char for char in budget.version or "" if char.isdigit())
            budget.version_number = int(digits[:9] or 0)

    @api.depends("line_ids.amount")
    def _compute_amount_total(self):
        for budget in self:
            budget.amount_total = sum(budget.line_ids.mapped("amount"))

    @api.depends("line_ids", "state", "amount_total")
    def _compute_figures(self):
        totals = self.env["construction.job.cost"]._totals(self.job_id)
        for budget in self:
            figures = totals.get(budget.job_id.id, {})
            held = figures if budget.state == "approved" else {}
            budget.baseline_amount = figures.get("baseline", 0)
            budget.original_amount = held.get("original", budget.amount_total)
            budget.changes_amount = held.get("changes", 0)
            budget.revised_amount = held.get("budget", budget.amount_total)
            budget.contingency_amount = held.get("contingency", 0)
            budget.allowance_amount = held.get("allowance", 0)
            budget.committed_amount = figures.get("committed", 0)
            budget.actual_amount = figures.get("actual", 0)
            budget.pending_amount = figures.get("pending", 0)
            budget.available_amount = figures.get("available", 0)

    @api.depends("revised_amount")
    def _compute_unlisted_amount(self):
        for budget in self:
            listed = sum(budget.line_ids.mapped("revised_amount"))
            budget.unlisted_amount = budget.revised_amount - listed

    @guard("approve", PROJECT_MANAGER, FINANCE)
    def _check_approver(self):
        return self.env._("Budgets are approved by Project Managers or Finance.")

    def action_approve(self):
        """Submit this version. What nobody else has to approve or release becomes the
        approved one at once; the one before is superseded.

        :raises UserError: not a draft, or the user is neither Project Manager nor Finance
        """
        self._check_approver()
        if any(budget.state != "draft" for budget in self):
            raise UserError(self.env._("Only drafts can be approved."))
        self._check_unlocked()
        self.line_ids._check_spread()
        waiting = self.filtered(lambda budget: budget.release_state == "to_release")
        if waiting:
            waiting.action_release()
        (self - waiting)._release_submit()
        return True

    def _check_unlocked(self):
        for budget in self:
            refusal = budget.job_id._budget_lock_refusal("version")
            if refusal:
                raise UserError(refusal)

    def _approve(self):
        self._check_unlocked()
        before = self.search([("job_id", "in", self.job_id.ids), ("state", "=", "approved")])
        before._by_approval().write({"state": "superseded"})
        before.flush_recordset(["state"])
        self._by_approval().write({"state": "approved", "approved_on": fields.Datetime.now()})
        self._set_baseline()
        self._link_contained()
        self.env["construction.budget.control"]._raise_alerts(
            {line._key() for line in self.line_ids}
        )
        self.env["construction.resolver"]._available(
            [("budget", str(job.id)) for job in self.job_id]
        )

    def _set_baseline(self):
        """The first approved original budget of a job is what it is measured against."""
        has = self.search([("job_id", "in", self.job_id.ids), ("is_baseline", "=", True)]).job_id
        first = self.filtered(lambda b: b.basis == "original" and b.job_id not in has)
        first._by_approval().is_baseline = True

    def _link_contained(self):
        """Find the approved changes that these versions name as contained: they must not
        count again. A change that comes later than its version is found then."""
        naming = self.filtered(lambda b: b.basis == "current" and b.includes_changes)
        known = {}
        changes = self.env["construction.budget.change"].search(
            [("job_id", "in", naming.job_id.ids), ("approved_on", "!=", False)]
        )
        for change in changes:
            known.setdefault(change.job_id, []).append(
                (change.id, change.platform_ref, change.source_change_order, change.number)
            )
        for budget in naming:
            ids = budget_versions.contained(budget.includes_changes, known.get(budget.job_id, ()))
            if ids != set(budget.contained_change_ids.ids):
                budget._by_approval().contained_change_ids = [fields.Command.set(ids)]

    def _by_approval(self):
        """The same budgets, with the door to their state open."""
        return self.with_context(construction_approval=EDIT_SENTINEL)

    def action_lock(self):
        """Close the job's budget for new versions and revisions."""
        return self.job_id.action_lock_budget()

    def action_lock_all(self):
        """Close the job's budget for every change."""
        return self.job_id.action_lock_budget_all()

    def action_unlock_dialog(self):
        return self.job_id.action_unlock_budget_dialog()

    def action_use_reserve(self):
        """The dialog that moves contingency or allowance to the work."""
        self.ensure_one()
        held = self.line_ids.filtered("reserve")
        if not held:
            raise UserError(self.env._("%s has no reserve.", self.display_name))
        return held.sorted(lambda line: line.reserve != "contingency")[:1].action_use_reserve()

    @api.constrains("job_id")
    def _check_places(self):
        self.line_ids._check_place()

    @api.constrains("job_id", "state")
    def _check_open_job(self):
        for budget in self:
            if budget.state == "approved" and budget.job_id.job_status == "closed":
                raise ValidationError(
                    self.env._("Job %s is closed and takes no budget.", budget.job_id.display_name)
                )

    @api.model_create_multi
    def create(self, vals_list):
        if any(vals.get("state", "draft") != "draft" for vals in vals_list):
            raise UserError(self.env._("Budgets start as drafts and are approved."))
        return super().create(vals_list)

    def write(self, vals):
        if STATE & set(vals) and self.env.context.get("construction_approval") is not EDIT_SENTINEL:
            raise UserError(self.env._("A budget is approved with its button."))
        if FROZEN & set(vals):
            self._check_not_submitted()
        if FROZEN & set(vals) and any(budget.state != "draft" for budget in self):
            raise UserError(
                self.env._(
                    "An approved budget is not edited: duplicate it as a new version and "
                    "approve that one."
                )
            )
        return super().write(vals)

    def _check_not_submitted(self):
        """What somebody decides about stays as it was submitted."""
        for budget in self:
            if budget.release_state == "to_release":
                raise UserError(
                    self.env._(
                        "%s waits for a release: take it back to change it.", budget.display_name
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_only_drafts(self):
        self._check_not_submitted()
        if any(budget.state != "draft" for budget in self):
            raise UserError(self.env._("Only draft budgets can be deleted."))

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        for budget, vals in zip(self, vals_list, strict=True):
            if "version" not in (default or {}):
                vals["version"] = self._next_version(budget.job_id)
        return vals_list

    @api.model
    def _next_version(self, job):
        newest = self.search([("job_id", "=", job.id)], order="version_number desc", limit=1)
        return str(newest.version_number + 1)
