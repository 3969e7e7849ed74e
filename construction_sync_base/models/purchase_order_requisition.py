from odoo import fields, models


class PurchaseOrderRequisition(models.Model):
    """Requests for quotation that a requisition of the site made. They count as pending until
    they are ordered."""

    _inherit = "purchase.order"

    requisition_number = fields.Char(string="Requisition", copy=False, readonly=True)
    requisition_key = fields.Char(
        copy=False, readonly=True, help="The requisition at its platform; empty: none."
    )

    _requisition = models.Index("(requisition_key) WHERE requisition_key IS NOT NULL")
