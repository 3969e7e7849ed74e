from odoo import fields, models
from odoo.exceptions import UserError


class ConstructionLedgerCorrectionMixin(models.AbstractModel):
    """A document that posted an entry, undone by reversals: it stays, and says so.

    A model gives `_reverse_entries(step)`.
    """

    _name = "construction.ledger.correction.mixin"
    _description = "Posted Document That Can Be Undone"
    _inherit = ["construction.ledger.document.mixin", "construction.correction.mixin"]

    state = fields.Selection(
        selection_add=[("undone", "Undone")], ondelete={"undone": "set default"}
    )

    def _correction_day(self):
        return self.date

    def _correction_amount(self):
        return self.amount_total

    def _ledger_locked(self, day):
        return bool(self.move_id._ledger_locked(day))

    def _undo_by_correction(self, step):
        if step.action == "give_back":
            self._release_give_back(step.correction_id._told_why())
            return None
        if self.state != "posted" or not self._is_to_undo():
            raise UserError(
                self.env._(
                    "%s is of a locked month or was taken back: submit the correction anew.",
                    self.display_name,
                )
            )
        reversal = self._reverse_entries(step)
        self._at_the_gate().write({"state": "undone"})
        return reversal

    def _reverse_entries(self, step):
        """:return: the entry that takes this one's back"""
        raise NotImplementedError
