from collections import defaultdict
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..lib import budget as formulas
from ..lib import money

ALERT_LEVELS = [("0", "Below 80 %"), ("80", "80 %"), ("90", "90 %"), ("100", "100 %")]


class ConstructionBudgetLine(models.Model):
    """What one cost code and cost type of a job may cost, in the company's currency; where
    the budget says so, in one phase and at one location of it."""

    _name = "construction.budget.line"
    _inherit = ["construction.placed.mixin"]
    _description = "Job Budget Line"
    _order = "budget_id, cost_code_id, cost_type_id, id"
    _check_company_auto = True

    budget_id = fields.Many2one(
        "construction.budget", required=True, ondelete="cascade", index=True
    )
    job_id = fields.Many2one(related="budget_id.job_id", store=True, index=True)
    company_id = fields.Many2one(
        "res.company", related="budget_id.company_id", store=True, index=True, precompute=True
    )
    currency_id = fields.Many2one(related="budget_id.currency_id")
    state = fields.Selection(related="budget_id.state", store=True)
    line_ref = fields.Char(string="Line id at the platform")
    cost_code_id = fields.Many2one(
        "construction.cost.code",
        required=True,
        ondelete="restrict",
        check_company=True,
        domain="[('job_id', 'in', (False, job_id))]",
    )
    cost_type_id = fields.Many2one(
        "construction.cost.type", required=True, ondelete="restrict", check_company=True
    )
    description = fields.Char()
    reserve = fields.Selection([("contingency", "Contingency"), ("allowance", "Allowance")])
    quantity = fields.Float(digits="Product Unit")
    uom_id = fields.Many2one("uom.uom", string="Unit")
    unit_cost = fields.Float(digits=(16, 8))
    amount = fields.Monetary(required=True)
    revised_amount = fields.Monetary(string="Revised", compute="_compute_figures")
    committed_amount = fields.Monetary(string="Committed", compute="_compute_figures")
    actual_amount = fields.Monetary(string="Actual", compute="_compute_figures")
    accrued_amount = fields.Monetary(string="Accrued", compute="_compute_figures")
    pending_amount = fields.Monetary(string="Pending", compute="_compute_figures")
    open_amount = fields.Monetary(string="Open", compute="_compute_figures")
    available_amount = fields.Monetary(string="Available", compute="_compute_figures")
    alert_level = fields.Selection(ALERT_LEVELS, default="0", readonly=True, copy=False)

    _key_unique = models.UniqueIndex(
        "(budget_id, cost_code_id, cost_type_id, COALESCE(reserve, ''), COALESCE(line_ref, ''),"
        " COALESCE(phase_id, 0), COALESCE(location_id, 0), COALESCE(segments, ''))",
        "This budget has a line for that cost code, cost type, phase and location already.",
    )

    def _key(self):
        return self.job_id.id, self.cost_code_id.id, self.cost_type_id.id

    @api.depends("amount", "budget_id.line_ids.amount", "state")
    def _compute_figures(self):
        """Figures of the key (job, code, type). Several lines of one key (an allowance
        beside the work, one line for each phase) share them: they stand on the key's first
        line, the others show their own amount only, so that a column adds up."""
        positions = self.env["construction.job.cost"]._positions(self.job_id)
        first, amounts = {}, defaultdict(Decimal)
        for line in self.budget_id.line_ids.sorted(lambda line: line._origin.id):
            first.setdefault((line.budget_id, line._key()), line)
            digits = line.currency_id.decimal_places
            amounts[line.budget_id, line._key()] += money.from_float(line.amount, digits)
        for line in self:
            own = (line.budget_id, line._key())
            leads = first.get(own, line) == line
            figures = positions.get(line._key(), {}) if leads else {}
            used = [figures.get(name, Decimal(0)) for name in ("actual", "open", "pending")]
            line.revised_amount = line.amount
            line.committed_amount = figures.get("committed", 0)
            line.actual_amount = figures.get("actual", 0)
            line.accrued_amount = figures.get("accrued", 0)
            line.pending_amount = figures.get("pending", 0)
            line.open_amount = figures.get("open", 0)
            line.available_amount = formulas.available(amounts[own], *used) if leads else 0

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._check_draft()
        return lines

    def write(self, vals):
        if set(vals) - {"alert_level"}:
            self._check_draft()
        if "budget_id" in vals:
            self.new({"budget_id": vals["budget_id"]})._check_draft()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_drafts(self):
        self._check_draft()

    def _check_draft(self):
        self.budget_id._check_not_submitted()
        if any(budget.state != "draft" for budget in self.budget_id):
            raise UserError(
                self.env._("Lines of an approved budget stay as they are: make a new version.")
            )

    def action_open_commitments(self):
        self.ensure_one()
        return self.env["purchase.order.line"]._action_behind(self)
