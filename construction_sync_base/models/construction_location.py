from odoo import fields, models

from .construction_breakdown_mixin import KINDS


class ConstructionLocation(models.Model):
    """A place at a site, or a yard or warehouse that serves sites."""

    _name = "construction.location"
    _inherit = ["construction.breakdown.mixin", "construction.awaited.mixin"]
    _description = "Location"
    _parent_store = True
    _code_kind = "location"

    kind = fields.Selection(KINDS, required=True)
    parent_id = fields.Many2one("construction.location", index=True, ondelete="restrict")
    parent_path = fields.Char(index=True)
    child_ids = fields.One2many("construction.location", "parent_id")

    address = fields.Char(help="As one line.")
    latitude = fields.Float(digits=(10, 7), help="Degrees north.")
    longitude = fields.Float(digits=(10, 7), help="Degrees east.")
    radius_m = fields.Float(string="Radius (m)", digits=(10, 1))

    _on_earth = models.Constraint(
        "CHECK (latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180 AND radius_m >= 0)",
        "Latitude is -90 to 90, longitude -180 to 180, and the radius is not negative.",
    )
