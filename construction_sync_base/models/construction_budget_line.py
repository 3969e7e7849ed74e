from collections import defaultdict
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..lib import budget as formulas
from ..lib import money

RESERVES = [("contingency", "Contingency"), ("allowance", "Allowance")]
ALERT_LEVELS = [("0", "Below 80 %"), ("80", "80 %"), ("90", "90 %"), ("100", "100 %")]


class ConstructionBudgetLine(models.Model):
    """What one cost code and cost type of a job may cost, in the company's currency; where
    the budget says so, in one phase and at one location of it."""

    _name = "construction.budget.line"
    _inherit = ["construction.cost.key.mixin", "construction.placed.mixin"]
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
    description = fields.Char()
    reserve = fields.Selection(RESERVES)
    quantity = fields.Float(digits="Product Unit")
    uom_id = fields.Many2one("uom.uom", string="Unit")
    unit_cost = fields.Float(digits=(16, 8))
    amount = fields.Monetary(required=True)
    original_amount = fields.Monetary(string="Original", compute="_compute_figures")
    changes_amount = fields.Monetary(string="Changes", compute="_compute_figures")
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

    @api.depends("cost_code_id", "cost_type_id", "reserve")
    def _compute_display_name(self):
        labels = dict(self._fields["reserve"]._description_selection(self.env))
        for line in self:
            names = (line.cost_code_id.display_name, line.cost_type_id.name)
            held = f" ({labels[line.reserve]})" if line.reserve else ""
            line.display_name = " / ".join(filter(None, names)) + held

    def _key(self):
        return self.job_id.id, self.cost_code_id.id, self.cost_type_id.id

    @api.depends("amount", "budget_id.line_ids.amount", "state")
    def _compute_figures(self):
        """Figures of the key (job, code, type). Several lines of one key (an allowance
        beside the work, one line for each phase) share them: they stand on the key's first
        line, the others show their own amount only, so that a column adds up. Changes stand
        on the first line of the key with the same reserve."""
        positions = self.env["construction.job.cost"]._positions(self.job_id)
        changed = self._changes()
        first, amounts = {}, defaultdict(Decimal)
        for line in self.budget_id.line_ids.sorted(lambda line: line._origin.id):
            digits = line.currency_id.decimal_places
            own = (line.budget_id, line._key())
            first.setdefault(own, line)
            amounts[own] += money.from_float(line.amount, digits)
            if first.setdefault((*own, line.reserve), line) == line:
                amounts[own] += changed.get((*own, line.reserve), (0, 0))[1]
        for line in self:
            own = (line.budget_id, line._key())
            leads = first.get(own, line) == line
            figures = positions.get(line._key(), {}) if leads else {}
            used = [figures.get(name, Decimal(0)) for name in ("actual", "open", "pending")]
            shows = first.get((*own, line.reserve), line) == line
            all_changes, on_top = changed.get((*own, line.reserve), (0, 0)) if shows else (0, 0)
            line.changes_amount = all_changes
            line.revised_amount = line.amount + float(on_top)
            line.original_amount = line.revised_amount - float(all_changes)
            line.committed_amount = figures.get("committed", 0)
            line.actual_amount = figures.get("actual", 0)
            line.accrued_amount = figures.get("accrued", 0)
            line.pending_amount = figures.get("pending", 0)
            line.open_amount = figures.get("open", 0)
            line.available_amount = formulas.available(amounts[own], *used) if leads else 0

    def _changes(self):
        """{(budget, key, reserve): (approved changes, those that the version does not contain
        yet)} of approved versions."""
        budgets = self.budget_id.filtered(lambda budget: budget.state == "approved")
        lines = (
            self.env["construction.budget.change.line"]
            .sudo()
            .search([("job_id", "in", budgets.job_id.ids), ("change_id.approved_on", "!=", False)])
        )
        by_job = {budget.job_id.id: budget for budget in budgets}
        contained = {budget: budget.sudo().contained_change_ids for budget in budgets}
        changed = {}
        for line in lines:
            budget = by_job[line.job_id.id]
            amount = money.from_float(line.amount, line.currency_id.decimal_places)
            key = (budget, line._key(), line.reserve)
            total, on_top = changed.get(key, (Decimal(0), Decimal(0)))
            inside = line.change_id in contained[budget]
            changed[key] = (total + amount, on_top + (0 if inside else amount))
        return changed

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

    def action_use_reserve(self):
        self.ensure_one()
        if not self.reserve or self.state != "approved":
            raise UserError(
                self.env._(
                    "Only contingency and allowance of an approved budget are used this way. For "
                    "other lines make a transfer under Cost Control, Budget Changes."
                )
            )
        return self.env["ir.actions.act_window"]._for_xml_id(
            "construction_sync_base.action_construction_budget_reserve_use"
        ) | {"context": {"default_line_id": self.id}}
