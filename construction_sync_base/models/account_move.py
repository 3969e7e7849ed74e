from odoo import models


class AccountMove(models.Model):
    _inherit = "account.move"

    def _post(self, soft=True):
        """Before anything is posted: the jobs take it and the lines keep the coding rule.

        `_post` is the one way to the ledger for screens, RPC, crons and imports alike.
        """
        self.line_ids._check_job_lines()
        return super()._post(soft=soft)
