from odoo import api, models

SAME = 1e-9  # of floats that come from the same decimals

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
        names = SUBMITTED & vals.keys()
        if names:
            self.filtered(lambda line: line._is_changed(names, vals))._refuse_submitted()
        return super().write(vals)

    def _is_changed(self, names, vals):
        """Whether one of these gets another value: Odoo writes all of an item's amounts again
        where another accounting date, which Finance may set, gives it another rate."""
        for name in names:
            old = self._fields[name].convert_to_write(self[name], self)
            new = vals[name]
            if isinstance(old, float) and isinstance(new, float | int):
                if abs(old - new) > SAME:
                    return True
            elif old != new:
                return True
        return False

    def unlink(self):
        self.filtered(lambda line: line.display_type == "product")._refuse_submitted()
        return super().unlink()

    def _refuse_submitted(self):
        moves = self.move_id
        if not moves._is_at_the_gate():
            moves._refuse_submitted()
