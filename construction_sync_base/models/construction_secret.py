from odoo import fields, models


class ConstructionSecret(models.Model):
    """One secret of a platform. Two are valid during a rotation.

    A token that is compared with what arrives is stored as its SHA-256; a signing
    secret, whose plain value is needed, is encrypted with a key that the database
    does not hold.
    """

    _name = "construction.secret"
    _description = "Platform Secret"
    _check_company_auto = True
    _order = "id desc"
    _allow_sudo_commands = False

    platform_id = fields.Many2one(
        "construction.platform", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="platform_id.company_id", store=True, index=True)
    scheme = fields.Char(required=True)
    stored = fields.Char(required=True, groups=fields.NO_ACCESS, copy=False)
    expires_at = fields.Datetime(help="Empty while it is the current one.")
