from odoo import fields, models


class ConstructionCostKeyMixin(models.AbstractModel):
    """A line on one cost code and cost type of the job of its document (`job_id`)."""

    _name = "construction.cost.key.mixin"
    _description = "Line on a Cost Code and Cost Type"

    cost_code_id = fields.Many2one(
        "construction.cost.code",
        required=True,
        ondelete="restrict",
        check_company=True,
        domain="[('job_id', 'in', (False, job_id))]",
    )
    cost_type_id = fields.Many2one(
        "construction.cost.type", required=True, ondelete="restrict", check_company=True
    )
