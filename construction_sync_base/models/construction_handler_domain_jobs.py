from odoo import models


class DomainHandlerJobs(models.AbstractModel):
    """What handlers of documents of one job have in common."""

    _inherit = "construction.handler.domain"

    def _of_one_job(self, items, park=None):
        """[(item, job)] of documents of one job, in the currency of its company; what names
        another currency, no known job or a line of a sub job is parked.

        :param park: parks an item because of its job and says whether it did
        """
        self._refuse_sub_jobs(items)
        jobs = self._resolve(
            items, "job", "project.project", lambda item: item.data["job"], self.env._("Job")
        )
        ready, currencies = [], self._currencies(items)
        for item in items:
            if item.blocked:
                continue
            job = jobs[item.id]
            item.company_id = job.company_id.id
            if park and park(item, job):
                continue
            if self._currency(item, currencies, job.company_id.currency_id):
                ready.append((item, job))
        return ready
