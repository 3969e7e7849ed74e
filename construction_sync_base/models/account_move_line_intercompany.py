from odoo import fields, models

from .account_move_line import AMOUNTS

KEPT = AMOUNTS | {"account_id", "is_intercompany_profit", "partner_id"}


class AccountMoveLineIntercompany(models.Model):
    """An item of a pair keeps its amount: the other company booked the same."""

    _inherit = "account.move.line"

    is_intercompany_profit = fields.Boolean(
        string="Intercompany profit",
        readonly=True,
        help="Charged to another company over cost: to be eliminated in the group.",
    )

    def write(self, vals):
        names = KEPT & set(vals)
        if names and not self.env["account.move"]._is_booking():
            Move = self.env["account.move"]
            posted = self.filtered(
                lambda line: line.parent_state == "posted" and line.sudo().move_id.intercompany_id
            )
            posted.filtered(
                lambda line: any(Move._field_will_change(line, vals, name) for name in names)
            ).move_id._refuse_half_a_pair()
        return super().write(vals)
