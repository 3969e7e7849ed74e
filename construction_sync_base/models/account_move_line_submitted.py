from odoo import api, models

# what the release of a bill was asked for
SUBMITTED = {
    "account_id",
    "amount_currency",
    "analytic_distribution",
    "credit",
    "debit",
    "discount",
    "move_id",
    "price_unit",
    "product_id",
    "purchase_line_id",
    "quantity",
    "tax_ids",
}


class AccountMoveLineSubmitted(models.Model):
    """Lines of a bill that waits for its release stay as they were submitted."""

    _inherit = "account.move.line"

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.filtered(lambda line: line.display_type == "product")._refuse_submitted()
        return lines

    def write(self, vals):
        if SUBMITTED & vals.keys():
            self._refuse_submitted()
        return super().write(vals)

    def unlink(self):
        self.filtered(lambda line: line.display_type == "product")._refuse_submitted()
        return super().unlink()

    def _refuse_submitted(self):
        moves = self.move_id
        if not moves._is_at_the_gate():
            moves._refuse_submitted()
