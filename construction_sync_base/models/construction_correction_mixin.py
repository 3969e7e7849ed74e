from odoo import models


class ConstructionCorrectionMixin(models.AbstractModel):
    """A document that a correction can undo: what stands on it, and how it is taken back."""

    _name = "construction.correction.mixin"
    _description = "Can Be Undone"

    # whether another day than its own takes it back as well
    _correction_moves = True

    def action_undo_dialog(self):
        """What undoing it would take along, before anybody decides."""
        self.env["construction.correction"].check_access("create")
        self.ensure_one()
        return self.env["construction.correction"]._dialog(self)

    def _correction_action(self):
        """What is done to the document itself."""
        return "reverse"

    def _correction_again(self, action):
        """What has to be done to it by now, where a step did `action` to it."""
        return action

    def _correction_job(self):
        return self.env["project.project"]

    def _correction_day(self):
        """Its day in the books."""
        return False

    def _correction_amount(self):
        """In the company's currency, for people."""
        return 0.0

    def _correction_paid(self):
        return 0.0

    def _ledger_locked(self, day):
        """Whether the ledger takes nothing of this on that day."""
        return False

    def _is_to_undo(self):
        """Whether there is anything to undo yet."""
        return True

    def _stands_on_it(self, action):
        """[(record, action)] of what has to be undone before this."""
        return []

    def _undo_by_correction(self, step):
        """Undo it, as the step says.

        :param step: the `construction.correction.line`, released
        :return: what took it back, or None
        :raises UserError: it cannot be undone (any more)
        """
        raise NotImplementedError
