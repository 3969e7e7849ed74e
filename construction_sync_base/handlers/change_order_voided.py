from odoo import models


class ChangeOrderVoided(models.AbstractModel):
    """change_order.voided → what its sides did is undone."""

    _name = "construction.handler.change_order.voided"
    _inherit = "construction.handler.change_order"
    _description = "change_order.voided"

    _event_type = "construction.change_order.voided.v1"
    _fact = "voided"
