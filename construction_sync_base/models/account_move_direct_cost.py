from odoo import fields, models
from odoo.exceptions import UserError


class AccountMoveDirectCost(models.Model):
    """Entries of direct costs that nobody is owed for by a bill: paid with a company card or by
    an employee. They pass the gate of the bills of jobs."""

    _inherit = "account.move"

    direct_cost_kind = fields.Selection(
        [
            ("expense", "Expense"),
            ("card", "Card"),
            ("petty_cash", "Petty cash"),
            ("utility", "Utility"),
            ("permit", "Permit"),
            ("internal", "Internal"),
        ],
        string="Direct cost",
        readonly=True,
        copy=False,
    )

    def _is_direct_entry(self):
        return bool(self.direct_cost_kind) and self.move_type == "entry"

    def _is_gated(self):
        return bool(self.direct_cost_kind) or super()._is_gated()

    def _check_release_required(self):
        """An entry has no vendor and no invoice date."""
        bills = self.filtered(lambda move: not move._is_direct_entry())
        return super(AccountMoveDirectCost, bills)._check_release_required()

    def _release_effect(self):
        self.ensure_one()
        if not self._is_direct_entry() or self.state != "draft":
            return super()._release_effect()
        return "\n".join(filter(None, (self._effect_on_budget(), self._effect_on_accounts())))

    def _refuse_submitted(self):
        """What somebody decides about stays as it was submitted, an entry as well as a bill."""
        for move in self:
            if move.release_state == "to_release" and move._is_direct_entry():
                raise UserError(
                    self.env._(
                        "%s waits for its release as it was submitted: take it back, or have it "
                        "returned, before you change it.",
                        move.ref or move.display_name,
                    )
                )
        return super()._refuse_submitted()
