from odoo import api, fields, models


class StockPicking(models.Model):
    _inherit = "stock.picking"

    construction_issue_date = fields.Date(
        string="Day of issue",
        copy=False,
        help="When material left for a job, or came back from it: the day its cost is booked. "
        "Empty: the day it is validated.",
    )
    requisition_key = fields.Char(index="btree_not_null", readonly=True, copy=False)
    is_job_issue = fields.Boolean(
        compute="_compute_is_job_issue",
        help="Between the stock and where jobs consume it, or with a job on it.",
    )

    @api.depends(
        "location_id.valuation_account_id",
        "location_dest_id.valuation_account_id",
        "move_ids.construction_job_id",
    )
    def _compute_is_job_issue(self):
        for picking in self:
            places = picking.sudo().location_id | picking.sudo().location_dest_id
            picking.is_job_issue = bool(
                places.valuation_account_id or picking.move_ids.construction_job_id
            )
