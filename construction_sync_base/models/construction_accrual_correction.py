from odoo import fields, models
from odoo.exceptions import UserError


class ConstructionAccrualCorrection(models.Model):
    """A posted accrual whose month still takes cost is taken back together with its own
    reversal, each on its day. One whose month is locked comes to nothing by its reversal."""

    _name = "construction.accrual"
    _inherit = ["construction.accrual", "construction.correction.mixin"]

    state = fields.Selection(
        selection_add=[("undone", "Undone")], ondelete={"undone": "set default"}
    )

    def _correction_job(self):
        return self.line_ids.job_id[:1]

    def _correction_day(self):
        return self.date

    def _correction_amount(self):
        return self.amount_total

    def _ledger_locked(self, day):
        return bool(self.move_id._ledger_locked(day))

    def _is_to_undo(self):
        if self.state != "posted":
            return self.release_state == "to_release"
        days = (self.date, self.reverses_on)
        locked = self.env["construction.period"].sudo()._locked(self.company_id, days)
        return not locked and not any(self._ledger_locked(day) for day in days)

    def _undo_by_correction(self, step):
        if step.action == "give_back":
            self._release_give_back(step.correction_id._told_why())
            return None
        if not self._is_to_undo():
            raise UserError(
                self.env._(
                    "%s is of a locked month or was taken back: submit the correction anew.",
                    self.display_name,
                )
            )
        reversal = self.move_id._take_back(self.date, step.correction_id)
        if self.reversal_id.state == "posted":
            self.reversal_id._take_back(self.reverses_on, step.correction_id)
        else:
            self.reversal_id._at_the_gate().button_cancel()
        self._at_the_gate().write({"state": "undone"})
        return reversal
