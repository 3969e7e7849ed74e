from odoo import fields, models


class ConstructionPlatform(models.Model):
    """What of the public contract a platform uses."""

    _inherit = "construction.platform"

    type_usage_ids = fields.One2many(
        "construction.type.usage",
        "platform_id",
        readonly=True,
        groups="construction_sync_base.group_integration_manager,"
        "construction_sync_base.group_auditor",
    )
