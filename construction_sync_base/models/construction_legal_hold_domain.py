from odoo import fields, models


class ConstructionLegalHold(models.Model):
    _inherit = "construction.legal.hold"

    job_id = fields.Many2one(
        "project.project", domain="[('is_job', '=', True)]", check_company=True, tracking=True
    )
    partner_id = fields.Many2one("res.partner", check_company=True, tracking=True)

    def _records(self):
        """The job and its documents, or those with the partner; both when both are given."""
        records = super()._records()
        if self.job_id:
            records = _narrow(records, self._records_of_job())
        if self.partner_id:
            records = _narrow(records, self._records_of_partner())
        return records

    def _records_of_job(self):
        job = self.job_id.sudo()
        orders = self.env["purchase.order"].sudo().search([("project_id", "=", job.id)])
        budgets = self.env["construction.budget"].sudo().search([("job_id", "=", job.id)])
        forecasts = self.env["construction.forecast"].sudo().search([("job_id", "=", job.id)])
        lines = self.env["construction.cost.transfer.line"].sudo()
        transfers = lines.search(
            ["|", ("from_job_id", "=", job.id), ("to_job_id", "=", job.id)]
        ).transfer_id
        charged = self.env["construction.intercompany.line"].sudo()
        charged = charged.search([("job_id", "=", job.id)]).intercompany_id
        accruals = self.env["construction.accrual.line"].sudo().search([("job_id", "=", job.id)])
        return {
            "project.project": set(job.ids),
            "construction.accrual": set(accruals.accrual_id.ids),
            "purchase.order": set(orders.ids),
            "construction.cost.transfer": set(transfers.ids),
            "construction.forecast": set(forecasts.ids),
            "construction.progress": set(job.progress_ids.ids),
            "construction.intercompany": set(charged.ids),
            "construction.budget": set(budgets.ids),
            "construction.budget.change": set(job.budget_change_ids.ids),
            "construction.change.order": set(job.change_order_ids.ids),
            "construction.field.ticket": set(job.change_order_ids.ticket_ids.ids),
        }

    def _records_of_partner(self):
        partners = (
            self.env["res.partner"]
            .sudo()
            .with_context(active_test=False)
            .search([("id", "child_of", self.partner_id.commercial_partner_id.id)])
        )
        orders = self.env["purchase.order"].sudo().search([("partner_id", "in", partners.ids)])
        jobs = (
            self.env["project.project"]
            .sudo()
            .with_context(active_test=False)
            .search([("partner_id", "in", partners.ids)])
        )
        return {
            "res.partner": set(partners.ids),
            "purchase.order": set(orders.ids),
            "project.project": set(jobs.ids),
        }


def _narrow(records, more):
    if records is None:
        return more
    return {model: records[model] & more[model] for model in records.keys() & more.keys()}
