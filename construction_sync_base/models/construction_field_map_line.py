import re

from odoo import api, fields, models
from odoo.exceptions import ValidationError

NAME = re.compile(r"[a-z][a-z0-9_]*")


class ConstructionFieldMapLine(models.Model):
    """One field of the data and the expression that finds it."""

    _name = "construction.field.map.line"
    _description = "Field of a Map"
    _inherit = ["construction.change.mixin"]
    _check_company_auto = True
    _order = "map_id, sequence, id"

    map_id = fields.Many2one(
        "construction.field.map", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="map_id.company_id", store=True, index=True)
    sequence = fields.Integer(default=10)
    name = fields.Char(string="Field", required=True)
    expression = fields.Char(required=True)

    _identity = models.Constraint("UNIQUE (map_id, name)", "This field has an expression already.")

    @api.constrains("name", "expression")
    def _check_expression(self):
        for line in self:
            if not NAME.fullmatch(line.name or ""):
                raise ValidationError(self.env._("“%s” is no field of an event's data.", line.name))
            line.map_id._check_expression(line.expression)
