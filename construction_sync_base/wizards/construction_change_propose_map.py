from odoo import api, fields, models
from odoo.exceptions import UserError


class ConstructionChangePropose(models.TransientModel):
    """Proposals about a field map: an expression that changes, comes or goes."""

    _inherit = "construction.change.propose"

    kind = fields.Selection(
        selection_add=[("map", "Field of a map")], ondelete={"map": "set default"}
    )
    map_id = fields.Many2one("construction.field.map", string="Field map")
    map_line_id = fields.Many2one(
        "construction.field.map.line",
        string="Field that it has",
        domain="[('map_id', '=', map_id)]",
    )
    map_field = fields.Char(string="New field")
    map_expression = fields.Char(string="Expression")

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        if self.env.context.get("active_model") == "construction.field.map":
            values |= {"kind": "map", "map_id": self.env.context.get("active_id")}
        return values

    @api.onchange("map_line_id")
    def _onchange_map_line_id(self):
        self.map_expression = self.map_line_id.expression

    def _proposal_map(self):
        line = self.map_line_id
        if not (line or (self.map_id and self.map_field)):
            raise UserError(self.env._("Choose the field map, and the field or a new one."))
        if not (self.map_expression or self.remove):
            raise UserError(self.env._("Say which expression finds the field."))
        if line:
            return line, {"expression": self.map_expression}
        return line, {
            "map_id": self.map_id.id,
            "name": self.map_field,
            "expression": self.map_expression,
            "sequence": 10,
        }
