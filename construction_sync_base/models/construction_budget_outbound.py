from odoo import models

POSTED = "construction.budget.posted.v1"


class ConstructionBudgetOutbound(models.Model):
    """Subscribers are told of the budget that holds, and of each change of it."""

    _inherit = "construction.budget"

    def _release_settle(self, released_by=None):
        result = super()._release_settle(released_by)
        self.env["construction.outbox"]._touch(POSTED, self)
        return result

    def _outbound_facts(self, event_type, detail):
        if event_type != POSTED:
            return super()._outbound_facts(event_type, detail)
        outbox = self.env["construction.outbox"]
        facts = []
        for budget in self.filtered(lambda budget: budget.state == "approved"):
            currency = budget.currency_id
            revised = budget.revised_amount
            data = {
                "version": budget.version,
                "currency": currency.name,
                "original": outbox._amount(budget.amount_total, currency),
                "changes": outbox._amount(revised - budget.amount_total, currency),
                "revised": outbox._amount(revised, currency),
                "lines": [
                    {
                        "line_id": line.line_ref or str(line.id),
                        "cost_code": line.cost_code_id.code,
                        "cost_type": line.cost_type_id.code,
                        "amount": outbox._amount(line.revised_amount, currency),
                    }
                    for line in budget.line_ids
                ],
            }
            facts.append(outbox._fact(POSTED, "budget", budget, budget.job_id, data, snapshot=True))
        return facts


class ConstructionBudgetChangeOutbound(models.Model):
    _inherit = "construction.budget.change"

    def _release_settle(self, released_by=None):
        result = super()._release_settle(released_by)
        outbox = self.env["construction.outbox"]
        if outbox._awaited(POSTED):  # what nobody hears costs no query
            budgets = self.env["construction.budget"].search(
                [("job_id", "in", self.job_id.ids), ("state", "=", "approved")]
            )
            outbox._touch(POSTED, budgets)
        return result
