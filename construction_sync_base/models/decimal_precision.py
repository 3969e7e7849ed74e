from odoo import api, models

DIGITS = {"Product Unit": 6, "Percentage Analytic": 6}


class DecimalPrecision(models.Model):
    _inherit = "decimal.precision"

    @api.model
    def _construction_raise_digits(self):
        """Raise, never lower, the digits that schedules of values need."""
        for precision in self.search([("name", "in", list(DIGITS))]):
            if precision.digits < DIGITS[precision.name]:
                precision.digits = DIGITS[precision.name]
