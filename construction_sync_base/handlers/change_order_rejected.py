from odoo import models


class ChangeOrderRejected(models.AbstractModel):
    """change_order.rejected → what its sides did is undone."""

    _name = "construction.handler.change_order.rejected"
    _inherit = "construction.handler.change_order"
    _description = "change_order.rejected"

    _event_type = "construction.change_order.rejected.v1"
    _fact = "rejected"
