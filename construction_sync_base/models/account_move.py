from odoo import models


class AccountMove(models.Model):
    _inherit = "account.move"

    def _post(self, soft=True):
        """Before anything is posted: the jobs take it, the commitments take the bill and
        the lines keep the coding rule.

        `_post` is the one way to the ledger for screens, RPC, crons and imports alike.
        """
        self._check_commitment_bills()
        keys = self.line_ids._check_job_lines()
        posted = super()._post(soft=soft)
        self.env["construction.budget.control"]._raise_alerts(keys)
        return posted

    def button_draft(self):
        """Taking an entry out of the ledger changes the cost of its jobs as well."""
        posted = self.filtered(lambda move: move.state == "posted")
        posted.line_ids._check_jobs_take_cost()
        return super().button_draft()

    def _check_commitment_bills(self):
        for move in self:
            move.line_ids.purchase_line_id.order_id._check_takes_bill(move.move_type)

    def _add_purchase_order_lines(self, purchase_order_lines):
        """What fills a bill from an order: auto-complete, matching, e-invoices."""
        purchase_order_lines.order_id._check_takes_bill(self.move_type)
        return super()._add_purchase_order_lines(purchase_order_lines)
