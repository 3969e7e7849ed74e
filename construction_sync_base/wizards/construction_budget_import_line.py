from odoo import fields, models

from ..models.construction_budget_line import RESERVES


class ConstructionBudgetImportLine(models.TransientModel):
    """One line of an estimate as it was read, with what is wrong with it."""

    _name = "construction.budget.import.line"
    _description = "Line of an Estimate"
    _order = "row, id"

    import_id = fields.Many2one("construction.budget.import", required=True, ondelete="cascade")
    currency_id = fields.Many2one(related="import_id.currency_id")
    row = fields.Integer(readonly=True)
    code_text = fields.Char(string="Code", readonly=True)
    type_text = fields.Char(string="Type", readonly=True)
    cost_code_id = fields.Many2one("construction.cost.code", readonly=True)
    cost_type_id = fields.Many2one("construction.cost.type", readonly=True)
    phase_id = fields.Many2one("construction.phase", readonly=True)
    uom_id = fields.Many2one("uom.uom", string="Unit", readonly=True)
    description = fields.Char(readonly=True)
    reserve = fields.Selection(RESERVES, readonly=True)
    quantity = fields.Float(digits="Product Unit", readonly=True)
    unit_cost = fields.Float(digits=(16, 8), readonly=True)
    amount = fields.Monetary(readonly=True)
    error = fields.Char(readonly=True)
