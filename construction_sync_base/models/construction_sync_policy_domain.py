from odoo import fields, models


class ConstructionSyncPolicy(models.Model):
    _inherit = "construction.sync.policy"

    order_requisitions = fields.Boolean(
        string="Requisitions become orders",
        tracking=True,
        help="Otherwise they become requests for quotation, which a buyer confirms.",
    )
    document_rate = fields.Boolean(
        string="Rate of the document",
        tracking=True,
        help="Of supplier invoices: the exchange rate that the document states, instead of the "
        "one of its accounting date.",
    )
