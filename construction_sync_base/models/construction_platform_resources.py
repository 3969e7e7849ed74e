from odoo import fields, models


class ConstructionPlatform(models.Model):
    """Lists of the platform that Odoo reads."""

    _inherit = "construction.platform"

    adapter = fields.Selection(
        selection_add=[("rest", "Generic REST")], ondelete={"rest": "set default"}
    )
    resource_ids = fields.One2many(
        "construction.resource",
        "platform_id",
        groups="construction_sync_base.group_integration_manager,"
        "construction_sync_base.group_finance,construction_sync_base.group_auditor",
    )
    resource_count = fields.Integer(
        compute="_compute_resource_count",
        groups="construction_sync_base.group_integration_manager,"
        "construction_sync_base.group_finance,construction_sync_base.group_auditor",
    )

    def _compute_resource_count(self):
        counts = dict(
            self.env["construction.resource"]._read_group(
                [("platform_id", "in", self.ids)], ["platform_id"], ["__count"]
            )
        )
        for platform in self:
            platform.resource_count = counts.get(platform, 0)
