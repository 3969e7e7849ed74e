from odoo import fields, models

from .construction_breakdown_mixin import KINDS


class ConstructionPhase(models.Model):
    """A phase or area of the work, as schedules and budgets name it."""

    _name = "construction.phase"
    _inherit = ["construction.breakdown.mixin", "construction.awaited.mixin"]
    _description = "Phase"
    _parent_store = True
    _code_kind = "phase"

    kind = fields.Selection(KINDS, required=True)
    parent_id = fields.Many2one("construction.phase", index=True, ondelete="restrict")
    parent_path = fields.Char(index=True)
    child_ids = fields.One2many("construction.phase", "parent_id")
