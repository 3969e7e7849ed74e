from odoo import models

DECIDED = "construction.change_order.decided.v1"
DECISIONS = ("approved", "executed", "rejected")


class ConstructionChangeOrderOutbound(models.Model):
    """Subscribers are told of each side of a change order that was decided."""

    _inherit = "construction.change.order"

    def _bring_side(self, side, status):
        before = self[f"{side}_status"]
        problem = super()._bring_side(side, status)
        decided = self[f"{side}_status"]
        if not problem and decided != before and decided in DECISIONS:
            self.env["construction.outbox"]._touch(DECIDED, self, side)
        return problem

    def _outbound_facts(self, event_type, detail):
        if event_type != DECIDED:
            return super()._outbound_facts(event_type, detail)
        outbox = self.env["construction.outbox"]
        facts = []
        for change in self:
            currency = change.currency_id
            data = {
                "decision": change[f"{detail}_status"],
                "side": detail,
                "currency": currency.name,
                "amounts": {
                    "budget": outbox._amount(
                        sum(change.line_ids.mapped("budget_amount")), currency
                    ),
                    "cost": outbox._amount(change.cost_amount, currency),
                    "revenue": outbox._amount(change.revenue_amount, currency),
                },
            }
            if change.release_reason:
                data["reason"] = change.release_reason
            facts.append(
                outbox._fact(
                    DECIDED, "change_order", change, change.job_id, data, number=change.number
                )
            )
        return facts
