from odoo import models


class ConstructionCostTransferCorrection(models.Model):
    """A posted transfer is taken back by the reversal of its entry."""

    _inherit = "construction.cost.transfer"

    def _correction_job(self):
        return self.line_ids.from_job_id[:1]

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

    def _reverse_entries(self, step):
        return self.move_id._take_back(step.date, step.correction_id)
