from odoo import models


class ChangeOrderExecuted(models.AbstractModel):
    """change_order.executed → the sides that the platform calls executed."""

    _name = "construction.handler.change_order.executed"
    _inherit = "construction.handler.change_order"
    _description = "change_order.executed"

    _event_type = "construction.change_order.executed.v1"
    _fact = "executed"
