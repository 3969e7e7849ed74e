from odoo import models


class ConstructionPlatform(models.Model):
    """What the flows of this addon need before a platform may be activated."""

    _inherit = "construction.platform"

    def _setup_holes(self):
        holes = super()._setup_holes()
        coding = self.env["construction.coding"]
        for kind, label in (
            ("cost_code", self.env._("cost codes")),
            ("cost_type", self.env._("cost types")),
        ):
            if not coding._plan(kind):
                holes.append(self.env._("The analytic plan of %s is missing.", label))
        for company in self.company_ids:
            holes += self._company_holes(company)
        return holes

    def _company_holes(self, company):
        if (
            not self.env["account.account"]
            .sudo()
            .search_count([("company_ids", "in", company.id)], limit=1)
        ):
            return [
                self.env._(
                    "%s has no chart of accounts: choose one under Invoicing ▸ Settings.",
                    company.name,
                )
            ]
        missing = self.env["construction.account.map"]._missing_categories(company)
        if missing:
            return [
                self.env._(
                    "The account map of %(company)s has no account for: %(categories)s.",
                    company=company.name,
                    categories=", ".join(missing),
                )
            ]
        return []
