from odoo import fields, models


class ConstructionSecretShow(models.TransientModel):
    """Shows a new secret once. The value travels in the dialog's context and is not
    stored, so that no dump of the database holds it."""

    _name = "construction.secret.show"
    _description = "New Secret"

    platform_id = fields.Many2one("construction.platform", ondelete="cascade")
    secret = fields.Char(store=False)
    endpoint = fields.Char(related="platform_id.endpoint")
