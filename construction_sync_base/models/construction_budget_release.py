from odoo import api, fields, models
from odoo.tools import SQL, formatLang

from .construction_release_mixin import GATE_FIELDS


class ConstructionBudgetRelease(models.Model):
    """Budgets at the release gate: approving one submits it."""

    _inherit = "construction.budget"

    _release_type = "budget"
    _release_label = "Budget"
    _release_by_itself = True
    _release_required = ("job_id", "version")
    _gate_fields = GATE_FIELDS | {"from_platform"}

    from_platform = fields.Boolean(readonly=True, copy=False)

    @api.model
    def _release_queue_columns(self):
        return super()._release_queue_columns() | {
            "name": SQL("d.version"),
            "job": SQL("d.job_id"),
        }

    def _release_amount(self):
        return self.amount_total

    def _release_effect(self):
        """What it replaces, and what changes by it."""
        self.ensure_one()
        if self.state != "draft" or not self.job_id:
            return False
        before = self.search([("job_id", "=", self.job_id.id), ("state", "=", "approved")])
        amounts = {"old": before.amount_total, "new": self.amount_total}
        amounts["change"] = amounts["new"] - amounts["old"]
        text = {
            name: formatLang(self.env, amount, currency_obj=self.currency_id)
            for name, amount in amounts.items()
        }
        if not before:
            return self.env._("First budget of the job: %s.", text["new"])
        return self.env._(
            "Replaces version %(version)s: %(old)s → %(new)s, a change of %(change)s.",
            version=before.version,
            **text,
        )

    def _release_perform(self):
        self._approve()

    def _release_from_platform(self):
        """Submit new versions of a platform; an older one that still waits is void."""
        self._at_the_gate().from_platform = True
        older = self.search(
            [
                ("job_id", "in", self.job_id.ids),
                ("release_state", "=", "to_release"),
                ("from_platform", "=", True),
                ("id", "not in", self.ids),
            ]
        )
        for budget in older:
            budget._release_give_back(self.env._("A newer version came from the platform."))
        return self._release_submit()
