from odoo import models

LOCKED = "construction.period.locked.v1"


class ConstructionPeriodOutbound(models.Model):
    """Subscribers are told that the job cost of a month is locked."""

    _inherit = "construction.period"

    def _go(self, state, reason=False):
        result = super()._go(state, reason)
        if state == "locked":
            self.env["construction.outbox"]._touch(LOCKED, self)
        return result

    def _outbound_facts(self, event_type, _detail):
        outbox = self.env["construction.outbox"]
        nobody = self.env["project.project"]
        return [
            outbox._fact(
                event_type,
                "period",
                period,
                nobody,
                {"month": f"{period.month:%Y-%m}", "what": "job_cost"},
            )
            for period in self.filtered(lambda period: period.job_cost_state == "locked")
        ]
