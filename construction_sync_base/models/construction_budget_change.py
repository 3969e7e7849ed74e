from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import formatLang

from ..lib import budget_versions, money
from .construction_coding import EDIT_SENTINEL
from .construction_guard import FINANCE, PROJECT_MANAGER, guard

STATE = {"state", "approved_on"}
# what only the suite says of a change: which document it stands for, what it undoes
KEPT = {"platform_ref", "source_id", "source_model", "voids_id"}
FROZEN = {"job_id", "number", "kind", "date", "reason", "line_ids", "source_change_order"}


class ConstructionBudgetChange(models.Model):
    """A dated movement of a job's budget: a revision, which changes its sum, or a transfer,
    which does not. Lines are signed deltas in the company's currency.

    An approved change is never edited. Voiding it makes a counter movement of its own day,
    so that the budget of any day can still be read. What counts is what was approved once
    (`approved_on`), whether it was voided later or not: the counter movement counts as well.
    """

    _name = "construction.budget.change"
    _description = "Budget Change"
    _inherit = [
        "construction.of.job.mixin",
        "mail.thread",
        "mail.activity.mixin",
        "construction.release.mixin",
    ]
    _order = "job_id, date desc, id desc"
    _rec_name = "number"
    _check_company_auto = True

    currency_id = fields.Many2one(related="company_id.currency_id")
    number = fields.Char(required=True, copy=False, help="Unique in its job.")
    kind = fields.Selection(
        [("revision", "Revision"), ("transfer", "Transfer")],
        required=True,
        default="revision",
        tracking=True,
        help="A revision changes the sum of the budget; a transfer only moves money in it.",
    )
    date = fields.Date(
        required=True,
        default=fields.Date.context_today,
        help="Day from which the change counts.",
    )
    reason = fields.Char(required=True, tracking=True)
    state = fields.Selection(
        [("draft", "Draft"), ("approved", "Approved"), ("void", "Void")],
        required=True,
        default="draft",
        copy=False,
        tracking=True,
        readonly=True,
        index=True,
    )
    approved_on = fields.Datetime(readonly=True, copy=False)
    line_ids = fields.One2many("construction.budget.change.line", "change_id", copy=True)
    amount_total = fields.Monetary(string="Total", compute="_compute_amounts", store=True)
    amount_moved = fields.Monetary(
        string="Moved",
        compute="_compute_amounts",
        store=True,
        help="The larger of what the lines add and what they take.",
    )
    platform_ref = fields.Char(string="Id at the platform", readonly=True, copy=False)
    source_change_order = fields.Char(
        copy=False,
        help="The change order whose budget side this is, as the platform names it.",
    )
    source_model = fields.Char(readonly=True, copy=False)
    source_id = fields.Many2oneReference(model_field="source_model", readonly=True, copy=False)
    voids_id = fields.Many2one(
        "construction.budget.change",
        string="Undoes",
        index="btree_not_null",
        readonly=True,
        copy=False,
        ondelete="restrict",
        check_company=True,
    )
    voided_by_ids = fields.One2many("construction.budget.change", "voids_id", string="Undone by")

    _number_unique = models.Constraint(
        "UNIQUE (job_id, number)", "This job has a budget change of that number already."
    )
    _transfer_is_zero = models.Constraint(
        "CHECK (kind <> 'transfer' OR state <> 'approved' OR amount_total = 0)",
        "A transfer moves budget and does not change its sum: its lines add up to zero.",
    )
    _counts_once_approved = models.Constraint(
        "CHECK ((state <> 'approved' OR approved_on IS NOT NULL)"
        " AND (state <> 'draft' OR approved_on IS NULL))",
        "A budget change is approved with its button.",
    )
    _undone_once = models.UniqueIndex(
        "(voids_id) WHERE voids_id IS NOT NULL", "This budget change was undone already."
    )
    _one_per_source = models.UniqueIndex(
        "(source_model, source_id) WHERE source_id IS NOT NULL AND state <> 'void'",
        "This change order has moved the budget already.",
    )
    _one_per_change_order = models.UniqueIndex(
        "(job_id, source_change_order) WHERE source_change_order IS NOT NULL AND state <> 'void'",
        "This change order has moved the budget already.",
    )
    _counting = models.Index("(job_id, date) WHERE approved_on IS NOT NULL")

    @api.depends("job_id", "number")
    def _compute_display_name(self):
        for change in self:
            change.display_name = self.env._(
                "%(job)s, budget change %(number)s",
                job=change.job_id.display_name or "",
                number=change.number or "",
            )

    @api.depends("line_ids.amount")
    def _compute_amounts(self):
        for change in self:
            amounts = change._amounts()
            change.amount_total = sum(amounts)
            change.amount_moved = budget_versions.moved(amounts)

    def _amounts(self):
        digits = self.currency_id.decimal_places
        return [money.from_float(line.amount, digits) for line in self.line_ids]

    def _keys(self):
        """(job, cost code, cost type) ids that these changes move."""
        return {line._key() for line in self.line_ids}

    @api.constrains("job_id")
    def _check_places(self):
        self.line_ids._check_place()

    # --------------------------------------------------------------- approve
    @guard("approve", PROJECT_MANAGER, FINANCE)
    def _check_approver(self):
        return self.env._("Budget changes are approved by Project Managers or Finance.")

    def action_approve(self):
        """Submit these changes. What nobody else has to approve or release counts at once.

        :raises UserError: not a draft, incomplete, or it may not move the budget now
        """
        self._check_approver()
        if any(change.state != "draft" for change in self):
            raise UserError(self.env._("Only drafts can be approved."))
        waiting = self.filtered(lambda change: change.release_state == "to_release")
        if waiting:
            waiting.action_release()
        rest = self - waiting
        rest._check_movement()
        rest._release_submit()
        return True

    def _check_movement(self):
        """What has to hold before a change moves a budget.

        :raises UserError: a transfer that is not zero, a job that takes no budget
        """
        for change in self:
            rest = budget_versions.zero_sum(change._amounts())
            if change.kind == "transfer" and rest:
                raise UserError(
                    self.env._(
                        "%(change)s: a transfer adds up to zero, this one to %(rest)s. Correct "
                        "its lines, or make it a revision.",
                        change=change.display_name,
                        rest=change._money(rest),
                    )
                )
            refusal = self._job_refusal(change.job_id) or change._lock_refusal()
            if refusal:
                raise UserError(refusal[1])
        self._check_reserves()

    @api.model
    def _job_refusal(self, job):
        """(what it waits for, sentence) where a job takes no change now, else None."""
        job = job.sudo()
        if job.job_status == "closed":
            return (
                f"job_open|{job.id}",
                self.env._("Job %s is closed and takes no budget change.", job.display_name),
            )
        if not job.budget_ids.filtered(lambda budget: budget.state == "approved"):
            return (
                f"budget|{job.id}",
                self.env._(
                    "Job %s has no approved budget yet: approve one, then the change.",
                    job.display_name,
                ),
            )
        return None

    def _lock_refusal(self):
        """The same where the job's budget is locked for this kind of change."""
        refusal = self.job_id._budget_lock_refusal(self.kind)
        return refusal and (f"budget_open|{self.job_id.id}", refusal)

    def _approve(self):
        """Let these changes count."""
        control = self.env["construction.budget.control"]
        control._hold(self.job_id)
        self._check_movement()
        self._by_approval().write({"state": "approved", "approved_on": fields.Datetime.now()})
        self.voids_id._by_approval().write({"state": "void"})
        budgets = self.env["construction.budget"].sudo()
        budgets.search(
            [("job_id", "in", self.job_id.ids), ("basis", "=", "current"), ("state", "!=", "draft")]
        )._link_contained()
        control._raise_alerts(self._keys())
        self.env["construction.resolver"]._available(
            [("budget", str(job.id)) for job in self.job_id]
        )

    def _by_approval(self):
        """The same changes, with the door to their state open."""
        return self.with_context(construction_approval=EDIT_SENTINEL)

    def _is_by_approval(self):
        return self.env.context.get("construction_approval") is EDIT_SENTINEL

    def _money(self, amount):
        return formatLang(self.env, float(amount), currency_obj=self.currency_id)

    # ----------------------------------------------------------------- guard
    @api.model_create_multi
    def create(self, vals_list):
        if any(vals.get("state", "draft") != "draft" for vals in vals_list):
            raise UserError(self.env._("Budget changes start as drafts and are approved."))
        if not self._is_by_approval() and any(
            vals.get(name) for vals in vals_list for name in KEPT
        ):
            raise UserError(self._kept())
        return super().create(self._numbered(vals_list))

    def _numbered(self, vals_list):
        """The same values, with the next number of its job where none is given."""
        bare = {vals.get("job_id") for vals in vals_list if not vals.get("number")} - {None}
        if not bare:
            return vals_list
        taken = {}
        for change in self.sudo().search([("job_id", "in", list(bare))]):
            taken.setdefault(change.job_id.id, set()).add(change.number)
        result = []
        for vals in vals_list:
            numbers = taken.setdefault(vals.get("job_id"), set())
            number = vals.get("number") or self._next_number(numbers)
            numbers.add(number)
            result.append({**vals, "number": number})
        return result

    def _next_number(self, taken):
        count = len(taken) + 1
        while f"BC-{count:03}" in taken:
            count += 1
        return f"BC-{count:03}"

    def write(self, vals):
        names = set(vals)
        if not self._is_by_approval():
            if names & STATE:
                raise UserError(
                    self.env._("A budget change is approved and voided by its buttons.")
                )
            if names & KEPT:
                raise UserError(self._kept())
        if names & FROZEN:
            self._check_draft()
        return super().write(vals)

    def _kept(self):
        return self.env._("What a budget change stands for is kept by the suite and not typed.")

    def _check_draft(self):
        """What somebody decides about, or has decided, stays as it was submitted."""
        for change in self:
            if change.release_state == "to_release":
                raise UserError(
                    self.env._(
                        "%s waits for a release: take it back to change it.", change.display_name
                    )
                )
            if change.state != "draft":
                raise UserError(
                    self.env._(
                        "%s has moved the budget and stays as it is: void it, or make another one.",
                        change.display_name,
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_only_drafts(self):
        self._check_draft()
