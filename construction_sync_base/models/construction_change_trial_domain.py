from odoo import fields, models
from odoo.exceptions import UserError


class ConstructionChangeTrial(models.Model):
    """A dry run with the events of one job."""

    _inherit = "construction.change"

    scope = fields.Selection(selection_add=[("job", "One job")], ondelete={"job": "set default"})
    scope_job_id = fields.Many2one("project.project", string="Job", domain=[("is_job", "=", True)])

    def _scope_domain(self):
        if self.scope != "job":
            return super()._scope_domain()
        if not self.scope_job_id:
            raise UserError(self.env._("Choose the job to try with."))
        return self._events_of_job(self.scope_job_id)

    def _events_of_job(self, job):
        """Domain of the events that made the job, its budgets, their changes, its forecasts,
        accruals and commitments, and of those that wait because of it."""
        documents = {
            "project.project": job.ids,
            "construction.budget": job.sudo().budget_ids.ids,
            "construction.budget.change": job.sudo().budget_change_ids.ids,
            "construction.forecast": self.env["construction.forecast"]
            .sudo()
            .search([("job_id", "=", job.id)])
            .ids,
            "construction.accrual": self.env["construction.accrual.line"]
            .sudo()
            .search([("job_id", "=", job.id)])
            .accrual_id.ids,
            "construction.progress": job.sudo().progress_ids.ids,
            "construction.change.order": job.sudo().change_order_ids.ids,
            "purchase.order": job.sudo().commitment_ids.ids,
        }
        bindings = self.env["construction.binding"].search(
            fields.Domain.OR(
                [("res_model", "=", model), ("res_id", "in", ids)]
                for model, ids in documents.items()
            )
        )
        platforms = bindings.platform_id.ids
        told = [("id", "in", bindings.event_ids.ids)]
        numbers = bindings.filtered(lambda b: b.res_model == "project.project")
        waiting = [
            ("state", "=", "parked"),
            ("platform_id", "in", platforms),
            ("subject", "in", [f"budget/{b.external_id}" for b in numbers]),
        ]
        return fields.Domain.OR([told, waiting])
