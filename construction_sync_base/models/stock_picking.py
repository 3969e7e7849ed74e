from odoo import fields, models


class StockPicking(models.Model):
    _inherit = "stock.picking"

    construction_issue_date = fields.Date(
        string="Day of issue",
        copy=False,
        help="When material left for a job, or came back from it: the day its cost is booked. "
        "Empty: the day it is validated.",
    )
    requisition_key = fields.Char(index="btree_not_null", readonly=True, copy=False)
