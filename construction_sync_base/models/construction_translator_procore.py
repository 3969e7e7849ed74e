from odoo import models

from ..lib.batch import Retry
from ..translators import procore_erp
from .construction_resolver import ref_keys


class ProcoreTranslator(models.AbstractModel):
    """Procore's ERP requests, posted as they are (`translators.procore_erp`)."""

    _name = "construction.translator.procore"
    _inherit = "construction.translator"
    _description = "Procore Translator"

    _adapter = "procore"

    def _translate(self, platform, body, headers):
        received_at = self.env.context.get("construction_received_at")
        return procore_erp.translate(
            body,
            lambda job: self._currency_of(platform, job),
            received_at and f"{received_at.isoformat()}Z",
        )

    def _currency_of(self, platform, job):
        """Currency code of a document that names none: its job's company decides.

        :raises Retry: the job is not known yet, and the companies that this platform writes
            to keep their books in different currencies
        """
        keys = ref_keys(job)
        found = self.env["construction.resolver"]._records(platform.id, "job", keys)
        ids = [found[key][1] for key in keys if key in found]
        jobs = self.env["project.project"].browse(ids).exists()
        currencies = (jobs.company_id or platform.company_ids).currency_id
        if len(currencies) != 1:
            raise Retry(
                self.env._(
                    "Job “%s” is not known yet, and its company decides the currency.",
                    keys[-1][1],
                )
            )
        return currencies.name
