from odoo import models


class StockMove(models.Model):
    _inherit = "stock.move"

    def _action_done(self, cancel_backorder=False):
        self.sudo()._construction_jobs()._check_takes("cost")
        return super()._action_done(cancel_backorder=cancel_backorder)

    def _construction_jobs(self):
        """Jobs that these moves receive for or issue to."""
        jobs = self.purchase_line_id.order_id.project_id
        if "project_id" in self.picking_id._fields:  # project_stock, where installed
            jobs |= self.picking_id.project_id
        return jobs.filtered("is_job")

    def _create_analytic_move(self):
        """The native “analytic costs” of a type of transfer would cost the job what its bill,
        or the entry of the issue, costs it as well."""
        others = self.filtered(lambda move: not move.sudo()._construction_jobs())
        return super(StockMove, others)._create_analytic_move()
