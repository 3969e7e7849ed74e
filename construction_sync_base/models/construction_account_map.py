from odoo import api, fields, models, tools

from .construction_cost_type import CATEGORIES

COST_DOMAIN = (
    "[('account_type', 'in', ('expense', 'expense_direct_cost', 'expense_depreciation')),"
    " ('company_ids', 'in', company_id)]"
)


class ConstructionAccountMap(models.Model):
    """Which ledger accounts a cost of one category uses, per company and kind of job.
    Platforms have no ledger accounts, so nothing else decides the account of a bill
    line. Without an entry nothing is created."""

    _name = "construction.account.map"
    _description = "Account Map"
    _order = "company_id, category, job_kind"
    _rec_name = "category"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    category = fields.Selection(CATEGORIES, string="Cost type category", required=True)
    job_kind = fields.Selection(
        [("job", "Job"), ("sub_job", "Sub job")],
        help="Empty: every kind without a row of its own.",
    )
    cost_account_id = fields.Many2one(
        "account.account",
        required=True,
        check_company=True,
        domain=COST_DOMAIN,
        ondelete="restrict",
    )

    _identity = models.UniqueIndex(
        "(company_id, category, COALESCE(job_kind, ''))", "This row of the account map exists."
    )

    @api.model
    @tools.ormcache("company_id")
    def _cost_account_ids(self, company_id):
        """{(category, job kind or False): account id} of one company."""
        rows = self.sudo().search([("company_id", "=", company_id)])
        return {(row.category, row.job_kind): row.cost_account_id.id for row in rows}

    @api.model
    def _cost_account_id(self, company, category, job):
        """The cost account of a category on a job of the company, or None."""
        accounts = self._cost_account_ids(company.id)
        kind = "sub_job" if job.parent_job_id else "job"
        return accounts.get((category, kind)) or accounts.get((category, False))

    @api.model
    def _missing_categories(self, company):
        mapped = self._mapped_categories(company)
        return [label for category, label in CATEGORIES if category not in mapped]

    @api.model
    def _mapped_categories(self, company):
        """Categories that have an account for every kind of job."""
        rows = set(self._cost_account_ids(company.id))
        return {
            category
            for category, _label in CATEGORIES
            if (category, False) in rows or {(category, "job"), (category, "sub_job")} <= rows
        }

    @api.model
    def _propose(self, company):
        """Fill the missing rows from the chart: an account whose name fits the category,
        else the first direct-cost account, else the first expense account."""
        Account = self.env["account.account"].with_company(company)
        expenses = Account.search(
            [
                ("account_type", "in", ("expense_direct_cost", "expense")),
                ("company_ids", "in", company.id),
                ("active", "=", True),
            ]
        ).sorted(lambda a: (a.account_type != "expense_direct_cost", a.code or ""))
        if not expenses:
            return self
        mapped = self._mapped_categories(company)
        return self.create(
            [
                {
                    "company_id": company.id,
                    "category": category,
                    "cost_account_id": (
                        expenses.filtered(lambda a, c=category: c in (a.name or "").lower())[:1]
                        or expenses[:1]
                    ).id,
                }
                for category, _label in CATEGORIES
                if category not in mapped
            ]
        )

    @api.model_create_multi
    def create(self, vals_list):
        rows = super().create(vals_list)
        self.env.registry.clear_cache()
        self.env["construction.resolver"]._available(
            [("account_map", f"{row.company_id.id}|{row.category}") for row in rows]
        )
        return rows

    def write(self, vals):
        result = super().write(vals)
        self.env.registry.clear_cache()
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result
