from odoo import models


class ConstructionAccrualCorrection(models.Model):
    """A posted accrual whose month still takes cost is taken back together with its own
    reversal, each on its day. One whose month is locked comes to nothing by its reversal."""

    _inherit = "construction.accrual"

    _correction_moves = False

    def _correction_job(self):
        return self.line_ids.job_id[:1]

    def _is_to_undo(self):
        if self.state != "posted":
            return self.release_state == "to_release"
        days = (self.date, self.reverses_on)
        locked = self.env["construction.period"].sudo()._locked(self.company_id, days)
        return not locked and not any(self._ledger_locked(day) for day in days)

    def _reverse_entries(self, step):
        reversal = self.move_id._take_back(self.date, step.correction_id)
        if self.reversal_id.state == "posted":
            self.reversal_id._take_back(self.reverses_on, step.correction_id)
        else:
            self.reversal_id._at_the_gate().button_cancel()
        return reversal
