from odoo import models

from ..lib import change_order as machine


class ConstructionChangeOrderCorrection(models.Model):
    """A commitment side that cannot move because of bills: they are set back, it moves, and
    they are submitted again."""

    _name = "construction.change.order"
    _inherit = ["construction.change.order", "construction.correction.mixin"]

    def _correction_action(self):
        return "retry"

    def _correction_job(self):
        return self.job_id

    def _correction_day(self):
        return self.date

    def _correction_amount(self):
        line = self.env["construction.change.order.line"].new({"change_id": self.id})
        return float(abs(line._in_company_currency(self.cost_amount)))

    def _is_to_undo(self):
        return bool(self.stuck_sides)

    def _stands_on_it(self, action):
        return super()._stands_on_it(action) + self._bills_in_the_way()

    def _bills_in_the_way(self):
        """[(bill, action)] that keep the commitment side from where it should be."""
        wanted = (self.stuck_sides or {}).get("cost")
        if not wanted:
            return []
        movements = {}
        for line in self.line_ids:
            for order, movement in line._movements(wanted == "executed"):
                movements.setdefault(order, []).append(movement)
        found = []
        for order, group in movements.items():
            found += order._in_the_way(order._changes_of(group)[0])
        return found

    def _undo_by_correction(self, step):
        wanted = self._standing()
        for side, status in (self.stuck_sides or {}).items():
            wanted = wanted.with_side(side, status)
        problems = self._bring(machine.settle(wanted))
        for text in problems.values():
            self.message_post(body=text)
