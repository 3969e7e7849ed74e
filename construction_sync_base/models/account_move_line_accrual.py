from odoo import fields, models


class AccountMoveLineAccrual(models.Model):
    """Which accrual an item books, or takes back: the reversal keeps it."""

    _inherit = "account.move.line"

    accrual_line_id = fields.Many2one(
        "construction.accrual.line",
        string="Accrual",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
