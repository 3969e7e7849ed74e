from odoo import fields, models


class ConstructionSecretShow(models.TransientModel):
    """Shows a new secret once; the row goes with the next vacuum."""

    _name = "construction.secret.show"
    _description = "New Secret"
    _transient_max_hours = 0.1

    platform_id = fields.Many2one("construction.platform", required=True, ondelete="cascade")
    secret = fields.Char(readonly=True)
    endpoint = fields.Char(related="platform_id.endpoint")
