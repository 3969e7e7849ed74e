from odoo import models
from odoo.tools import SQL

from .construction_period_check import Check


class ConstructionPeriodIntercompany(models.Model):
    """What another company did for jobs of this one is cost that is not in its books yet."""

    _inherit = "construction.period.check"

    def _checks_decisions(self):
        charged = Check(
            self.env._("Waits for release: charged by other companies"),
            "decisions",
            self.env._("Finance of both companies"),
            "construction.intercompany",
            SQL(
                """
                SELECT d.id, d.job_amount FROM construction_intercompany d
                 WHERE d.job_company_id = p.company_id AND d.release_state = 'to_release'
                   AND d.date <= p.last_day
                """
            ),
            counted=True,
            action="construction_sync_base.action_construction_intercompany",
        )
        return super()._checks_decisions() | {"charged_by_others": charged}
