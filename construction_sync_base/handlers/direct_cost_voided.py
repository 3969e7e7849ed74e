from odoo import models


class DirectCostVoided(models.AbstractModel):
    """direct_cost.voided → the draft is cancelled; what is posted is taken back by a
    correction. Bills and entries alike, by the rules of invoices."""

    _name = "construction.handler.direct_cost.voided"
    _inherit = "construction.handler.supplier.invoice.voided"
    _description = "direct_cost.voided"

    _event_type = "construction.direct_cost.voided.v1"
    _order_in_batch = 83
