from odoo import fields, models


class ConstructionSyncPolicyField(models.Model):
    """Who owns one field of an object once the record exists."""

    _name = "construction.sync.policy.field"
    _description = "Field Ownership"
    _inherit = ["construction.change.mixin"]
    _check_company_auto = True
    _order = "policy_id, name"

    policy_id = fields.Many2one(
        "construction.sync.policy", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="policy_id.company_id", store=True, index=True)
    name = fields.Char(string="Field", required=True)
    owner = fields.Selection([("platform", "Platform"), ("odoo", "Odoo")], required=True)
    reason = fields.Char(translate=True)

    _identity = models.Constraint("UNIQUE (policy_id, name)", "This field is listed already.")
