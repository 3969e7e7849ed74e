from odoo import models


class StockRule(models.Model):
    _inherit = "stock.rule"

    def _make_po_get_domain(self, company_id, values, partner):
        """Replenishment of the stock never slips into the open order of a job."""
        domain = super()._make_po_get_domain(company_id, values, partner)
        return (*domain, ("is_commitment", "=", False))
