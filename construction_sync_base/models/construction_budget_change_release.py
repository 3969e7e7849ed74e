from odoo import api, fields, models
from odoo.tools import SQL

from .construction_release_mixin import GATE_FIELDS


class ConstructionBudgetChangeRelease(models.Model):
    """Budget changes at the release gate: approving one submits it."""

    _inherit = "construction.budget.change"

    _release_type = "budget_change"
    _release_label = "Budget change"
    _release_by_itself = True
    _release_required = ("job_id", "number", "date", "reason", "line_ids")
    _gate_fields = GATE_FIELDS | {"from_platform"}

    from_platform = fields.Boolean(readonly=True, copy=False)

    def _release_amount(self):
        """What it moves: a transfer is as large as what changes its place."""
        return self.amount_moved

    @api.model
    def _release_queue_columns(self):
        return super()._release_queue_columns() | {
            "job": SQL("d.job_id"),
            "amount": SQL("d.amount_moved"),
        }

    @api.model
    def _release_waiting_columns(self):
        return SQL("d.date"), SQL("0")

    def _release_effect(self):
        """Revised and available of each key, before and after."""
        self.ensure_one()
        if self.state != "draft" or not self.job_id:
            return False
        positions = self.env["construction.job.cost"].sudo()._positions(self.job_id)
        moved = {}
        for line, amount in zip(self.line_ids, self._amounts(), strict=True):
            moved[line._key()] = moved.get(line._key(), 0) + amount
        sentences = []
        for key, amount in moved.items():
            before = positions.get(key, {})
            budget, available = before.get("budget", 0), before.get("available", 0)
            sentences.append(
                self.env._(
                    "%(code)s / %(type)s: budget %(before)s → %(after)s, available afterwards "
                    "%(available)s",
                    code=self.env["construction.cost.code"].browse(key[1]).display_name,
                    type=self.env["construction.cost.type"].browse(key[2]).display_name,
                    before=self._money(budget),
                    after=self._money(budget + amount),
                    available=self._money(available + amount),
                )
            )
        return "\n".join(sentences)

    def _release_perform(self):
        self._approve()

    def _release_from_platform(self):
        """Submit what a platform approved."""
        self._at_the_gate().from_platform = True
        return self._release_submit()
