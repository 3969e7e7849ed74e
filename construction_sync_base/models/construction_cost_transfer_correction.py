from odoo import fields, models
from odoo.exceptions import UserError


class ConstructionCostTransferCorrection(models.Model):
    """A posted transfer is taken back by the reversal of its entry."""

    _name = "construction.cost.transfer"
    _inherit = ["construction.cost.transfer", "construction.correction.mixin"]

    state = fields.Selection(
        selection_add=[("undone", "Undone")], ondelete={"undone": "set default"}
    )

    def _correction_job(self):
        return self.line_ids.from_job_id[:1]

    def _correction_day(self):
        return self.date

    def _correction_amount(self):
        return self.amount_total

    def _ledger_locked(self, day):
        return bool(self.move_id._ledger_locked(day))

    def _is_to_undo(self):
        return self.state == "posted" or self.release_state == "to_release"

    def _stands_on_it(self, action):
        """What was moved on from where it had been moved to."""
        items = self.move_id.line_ids
        later = self.env["construction.cost.transfer.line"].sudo()
        later = later.search([("source_item_id", "in", items.ids)]).transfer_id
        return super()._stands_on_it(action) + [
            (transfer, "reverse" if transfer.state == "posted" else "give_back")
            for transfer in later
            if transfer._is_to_undo()
        ]

    def _undo_by_correction(self, step):
        if step.action == "give_back":
            self._release_give_back(step.correction_id._told_why())
            return None
        if self.state != "posted":
            raise UserError(
                self.env._("%s was taken back: submit the correction anew.", self.display_name)
            )
        reversal = self.move_id._take_back(step.date, step.correction_id)
        self._at_the_gate().write({"state": "undone"})
        return reversal
