from odoo import models


class ResPartnerDue(models.Model):
    _inherit = "res.partner"

    def _credit_debit_get(self):
        """What is owed to a vendor is without the retention that is held."""
        result = super()._credit_debit_get()
        account_ids = self.env["construction.account.map"]._retention_account_ids()
        if not (self.ids and account_ids):
            return result
        held = (
            self.env["account.move.line"]
            .sudo()
            ._read_group(
                [
                    ("account_id", "in", list(account_ids)),
                    ("partner_id", "in", self.ids),
                    ("parent_state", "=", "posted"),
                    ("reconciled", "=", False),
                    ("company_id", "child_of", self.env.company.root_id.id),
                ],
                ["partner_id"],
                ["amount_residual:sum"],
            )
        )
        for partner, residual in held:
            partner.with_env(self.env).debit += residual
        return result
