from odoo import fields, models


class ConstructionPlatform(models.Model):
    """What the flows of this addon need before a platform may be activated."""

    _inherit = "construction.platform"

    adapter = fields.Selection(
        selection_add=[("procore", "Procore (ERP requests)")], ondelete={"procore": "set default"}
    )

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
        holes = []
        if not self._has_warehouse(company):
            holes.append(
                self.env._("%s has no warehouse: every purchase order needs one.", company.name)
            )
        missing = self.env["construction.account.map"]._missing_categories(company)
        if missing:
            holes.append(
                self.env._(
                    "The account map of %(company)s has no account for: %(categories)s.",
                    company=company.name,
                    categories=", ".join(missing),
                )
            )
        return holes

    def _has_warehouse(self, company):
        return bool(
            self.env["stock.warehouse"]
            .sudo()
            .search_count([("company_id", "=", company.id)], limit=1)
        )

    def _propose_setup(self):
        for company in self.company_ids:
            self._propose_company(company)

    def _propose_company(self, company):
        """Fill what can be proposed: the account map from the chart, a first warehouse."""
        self.env["construction.account.map"].with_company(company)._propose(company)
        if not self._has_warehouse(company):
            self.env["stock.warehouse"].sudo().create(
                {
                    "name": self.env._("%s, jobs", company.name),
                    "code": f"W{company.id}"[:5],
                    "company_id": company.id,
                }
            )
