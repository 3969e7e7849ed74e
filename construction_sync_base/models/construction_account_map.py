from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError

from .construction_cost_type import CATEGORIES

COST_DOMAIN = (
    "[('account_type', 'in', ('expense', 'expense_direct_cost', 'expense_depreciation')),"
    " ('company_ids', 'in', company_id)]"
)

RETENTION_DOMAIN = "[('account_type', '=', 'liability_payable'), ('company_ids', 'in', company_id)]"
ADVANCE_DOMAIN = (
    "[('account_type', 'in', ('asset_current', 'asset_prepayments')),"
    " ('company_ids', 'in', company_id)]"
)


class ConstructionAccountMap(models.Model):
    """Which ledger accounts a cost of one category uses, per company and kind of job.
    Platforms have no ledger accounts, so nothing else decides the account of a bill
    line. Without an entry nothing is created."""

    _name = "construction.account.map"
    _inherit = ["construction.cached.mixin"]
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
    retention_account_id = fields.Many2one(
        "account.account",
        string="Retention payable",
        check_company=True,
        domain=RETENTION_DOMAIN,
        ondelete="restrict",
        help="What is held back from vendors stands here and is payable only once released.",
    )
    advance_account_id = fields.Many2one(
        "account.account",
        string="Advances paid",
        check_company=True,
        domain=ADVANCE_DOMAIN,
        ondelete="restrict",
        help="Prepayments to vendors: an asset, never cost of the job.",
    )

    withholding_account_id = fields.Many2one(
        "account.account",
        string="Tax withheld",
        check_company=True,
        domain="[('account_type', '=', 'liability_current'), ('company_ids', 'in', company_id)]",
        ondelete="restrict",
        help="What is withheld from vendors and owed to the authority.",
    )

    accrual_account_id = fields.Many2one(
        "account.account",
        string="Accrued cost",
        check_company=True,
        domain="[('account_type', '=', 'liability_current'), ('company_ids', 'in', company_id)]",
        ondelete="restrict",
        help="Cost of a month without a bill stands here until its reversal.",
    )

    recovery_account_id = fields.Many2one(
        "account.account",
        string="Intercompany recovery",
        check_company=True,
        domain="[('account_type', 'in', ('expense', 'expense_direct_cost', 'expense_other',"
        " 'income', 'income_other')), ('company_ids', 'in', company_id)]",
        ondelete="restrict",
        help="Takes what this company paid for jobs of other companies, and gives it back when "
        "it is charged to them: what is left is the profit on it.",
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
    @tools.ormcache("company_id", "name")
    def _other_account_ids(self, company_id, name):
        """{(category, job kind or False): account id} of the rows that have this account."""
        rows = self.sudo().search([("company_id", "=", company_id), (name, "!=", False)])
        return {(row.category, row.job_kind): row[name].id for row in rows}

    @api.model
    def _other_account_id(self, company, name, category=None, job=None):
        """An account that is no cost account: of the category and kind of job where a row has
        it, else the first of the company's, or None."""
        accounts = self._other_account_ids(company.id, name)
        kind = "sub_job" if job and job.sudo().parent_job_id else "job"
        found = accounts.get((category, kind)) or accounts.get((category, False))
        return found or next(iter(accounts.values()), None)

    @api.model
    @tools.ormcache()
    def _retention_account_ids(self):
        """Ids of every company's retention accounts: nothing on them is payable."""
        rows = self.sudo().search([("retention_account_id", "!=", False)])
        return frozenset(rows.retention_account_id.ids)

    @api.constrains("retention_account_id")
    def _check_retention_account(self):
        """Of type payable, so that held items stay open items of the vendor; and no vendor's
        own payable account, or everything that is owed would count as held."""
        for account in self.retention_account_id:
            if account.account_type != "liability_payable" or not account.reconcile:
                raise ValidationError(
                    self.env._(
                        "%s cannot hold retention: it has to be a payable account that allows "
                        "reconciliation.",
                        account.display_name,
                    )
                )
        partners = self.env["res.partner"].sudo()
        for row in self.filtered("retention_account_id"):
            company = row.company_id.partner_id.with_company(row.company_id)
            usual = company.property_account_payable_id
            if row.retention_account_id == usual or partners.with_company(
                row.company_id
            ).search_count(
                [("property_account_payable_id", "=", row.retention_account_id.id)], limit=1
            ):
                raise ValidationError(
                    self.env._(
                        "%s is the payable account of vendors: retention needs one of its own.",
                        row.retention_account_id.display_name,
                    )
                )

    @api.constrains("recovery_account_id")
    def _check_recovery_account(self):
        for account in self.recovery_account_id:
            if account.internal_group not in ("expense", "income"):
                raise ValidationError(
                    self.env._(
                        "%s cannot take intercompany recovery: it has to be an account of profit "
                        "and loss, or cost and its recovery would never meet.",
                        account.display_name,
                    )
                )

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

    def _announce(self):
        """Events that missed the row, or one of its accounts, may go on."""
        pairs = []
        for row in self:
            pairs.append(("account_map", f"{row.company_id.id}|{row.category}"))
            pairs += [
                (name, str(row.company_id.id)) for name in self._account_columns() if row[name]
            ]
        self.env["construction.resolver"]._available(pairs)

    @api.model
    def _account_columns(self):
        """Fields that name a ledger account."""
        return [
            name for name, field in self._fields.items() if field.comodel_name == "account.account"
        ]
