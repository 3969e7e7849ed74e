from odoo import models


class ConstructionJobCostBehind(models.Model):
    """From a figure of the cost report to what stands behind it; one more click opens the
    document."""

    _inherit = "construction.job.cost"

    def _shown(self, name, model, domain):
        """The action that lists what stands behind one position."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._(
                "%(what)s: %(job)s, %(code)s",
                what=name,
                job=self.job_id.display_name,
                code=self.cost_code_id.display_name or "",
            ),
            "res_model": model,
            "views": [[False, "list"], [False, "form"]],
            "domain": domain,
        }

    def _same_key(self):
        return [
            ("job_id", "=", self.job_id.id),
            ("cost_code_id", "=", self.cost_code_id.id),
            ("cost_type_id", "=", self.cost_type_id.id),
        ]

    def action_open_cost(self):
        """The posted cost behind the actual; each entry leads to its document."""
        return self._shown(self.env._("Cost"), "construction.job.cost.entry", self._same_key())

    def action_open_budget_lines(self):
        """The lines of the approved budget; the change log of the job is on the budget."""
        return self._shown(
            self.env._("Budget"),
            "construction.budget.line",
            [*self._same_key(), ("state", "=", "approved")],
        )

    def action_open_changes(self):
        """Change orders that are pending or exposed on this position."""
        lines = self.env["construction.change.order.line"].search(self._same_key())
        return self._shown(
            self.env._("Change orders"),
            "construction.change.order",
            [("id", "in", lines.change_id.ids), ("state", "not in", ("rejected", "void"))],
        )
