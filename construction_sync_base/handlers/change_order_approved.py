from odoo import models


class ChangeOrderApproved(models.AbstractModel):
    """change_order.approved → the budget moves; the other sides as the platform says."""

    _name = "construction.handler.change_order.approved"
    _inherit = "construction.handler.change_order"
    _description = "change_order.approved"

    _event_type = "construction.change_order.approved.v1"
    _fact = "approved"
