from odoo import models


class ChangeOrderSubmitted(models.AbstractModel):
    """change_order.submitted → a potential change order, or one that waits for approval."""

    _name = "construction.handler.change_order.submitted"
    _inherit = "construction.handler.change_order"
    _description = "change_order.submitted"

    _event_type = "construction.change_order.submitted.v1"
    _fact = "submitted"
