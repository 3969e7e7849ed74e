from odoo import api, models


class AnalyticMixin(models.AbstractModel):
    """Lines of owner contracts. Base does not depend on sale, so the rule hangs on the
    mixin that sale order lines share with every other coded line."""

    _inherit = "analytic.mixin"

    @api.constrains("analytic_distribution")
    def _check_contract_line_coding(self):
        """Revenue carries the job alone."""
        if self._name != "sale.order.line":
            return
        coding = self.env["construction.coding"]
        lines = self.filtered("analytic_distribution")
        read = coding._read_distribution([line.analytic_distribution for line in lines])
        for line, entry in zip(lines, read, strict=True):
            if entry["job"] or entry["cost_code"] or entry["cost_type"]:
                coding._check_income_coding(line, entry)
