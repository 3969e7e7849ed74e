from odoo import models


class IrSequence(models.Model):
    """A dry run takes no number: one that PostgreSQL hands out does not come back when
    the transaction is rolled back."""

    _inherit = "ir.sequence"

    def _next(self, sequence_date=None):
        if self.env["construction.change"]._is_dry():
            return self.env._("(dry run)")
        return super()._next(sequence_date=sequence_date)
