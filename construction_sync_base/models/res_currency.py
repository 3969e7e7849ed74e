from odoo import models


class ResCurrency(models.Model):
    _inherit = "res.currency"

    def write(self, vals):
        result = super().write(vals)
        if vals.get("active"):
            self._announce()
        return result

    def _announce(self):
        """Events that waited for a currency or its rate may go on."""
        self.env["construction.resolver"]._available(
            [("currency", currency.name) for currency in self]
        )
