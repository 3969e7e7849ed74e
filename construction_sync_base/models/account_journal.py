from odoo import api, models
from odoo.exceptions import UserError


class AccountJournal(models.Model):
    _inherit = "account.journal"

    @api.model
    def _general_of(self, companies):
        """{company: its journal of miscellaneous entries}.

        :raises UserError: a company has none
        """
        found = {}
        for company in companies:
            found[company] = self.search(
                [("type", "=", "general"), *self._check_company_domain(company)], limit=1
            )
            if not found[company]:
                raise UserError(
                    self.env._("%s has no journal of miscellaneous entries.", company.name)
                )
        return found
