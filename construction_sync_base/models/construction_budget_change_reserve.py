from decimal import Decimal

from odoo import models
from odoo.exceptions import UserError

from .construction_budget_line import RESERVES


class ConstructionBudgetChangeReserve(models.Model):
    """No more of a reserve is used than is left of it."""

    _inherit = "construction.budget.change"

    def _check_reserves(self):
        """No person takes more of a reserve than is left of it. What a platform approved is
        a fact; its handler tells people about it.

        :raises UserError: with the amount that is left
        """
        for change, sentence in self._overdrawn():
            if not change.from_platform and not change.voids_id:
                raise UserError(sentence)

    def _overdrawn(self):
        """[(change, sentence)] of these changes that take more of a reserve than is left when
        the ones before them have counted."""
        takes = self.filtered(lambda change: any(change.line_ids.mapped("reserve")))
        if not takes:
            return []
        left = {
            (*key, kind): figures[kind]
            for key, figures in self.env["construction.job.cost"]
            .sudo()
            ._positions(takes.job_id)
            .items()
            for kind, _label in RESERVES
        }
        found = []
        for change in takes:
            moved = {}
            for line, amount in zip(change.line_ids, change._amounts(), strict=True):
                key = (*line._key(), line.reserve)
                if line.reserve:
                    moved[key] = moved.get(key, Decimal(0)) + amount
            for key, amount in moved.items():
                before = left.get(key, Decimal(0))
                left[key] = before + amount
                if amount < 0 and left[key] < 0:
                    found.append((change, change._overdraft(key, before, -amount)))
        return found

    def _overdraft(self, key, left, taken):
        _job, code_id, type_id, kind = key
        return self.env._(
            "%(change)s takes %(taken)s of the %(reserve)s on %(code)s / %(type)s, where %(left)s "
            "is left. Take less, or add to it by a revision first.",
            change=self.display_name,
            taken=self._money(taken),
            reserve=self.env["construction.budget.control"]._reserve_name(kind),
            code=self.env["construction.cost.code"].browse(code_id).display_name,
            type=self.env["construction.cost.type"].browse(type_id).display_name,
            left=self._money(left),
        )
