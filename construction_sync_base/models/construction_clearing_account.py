from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError

from .construction_coding import COST_ACCOUNTS, INCOME_ACCOUNTS

PURPOSES = [
    ("company_card", "Company cards"),
    ("employee", "Owed to employees"),
    ("labor_applied", "Labor applied"),
    ("burden_applied", "Burden applied"),
    ("equipment_recovery", "Equipment recovery"),
    ("due_from", "Due from other companies"),
    ("due_to", "Due to other companies"),
    ("other", "Other"),
]


class ConstructionClearingAccount(models.Model):
    """Accounts that a posting fills and another one empties, per company and purpose. What is
    left on each has to be explained, document by document (`construction.clearing`)."""

    _name = "construction.clearing.account"
    _inherit = ["construction.cached.mixin"]
    _description = "Clearing Account"
    _order = "company_id, purpose, id"
    _rec_name = "account_id"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    purpose = fields.Selection(PURPOSES, required=True)
    account_id = fields.Many2one(
        "account.account",
        required=True,
        check_company=True,
        ondelete="restrict",
        domain="[('reconcile', '=', True), ('company_ids', 'in', company_id)]",
    )

    _identity = models.UniqueIndex(
        "(company_id, purpose) WHERE purpose <> 'other'", "This purpose has its account already."
    )
    _account_once = models.Constraint(
        "UNIQUE (company_id, account_id)", "This account is on the list already."
    )

    @api.constrains("account_id")
    def _check_account(self):
        for row in self:
            account = row.account_id
            if not account.reconcile or account.account_type in (*COST_ACCOUNTS, *INCOME_ACCOUNTS):
                raise ValidationError(
                    self.env._(
                        "%s cannot be a clearing account: it has to be on the balance sheet and "
                        "allow reconciliation, or nobody could say what is open on it.",
                        account.display_name,
                    )
                )

    @api.model
    @tools.ormcache("company_id", "purpose")
    def _account_id_of(self, company_id, purpose):
        """The account of a purpose, or None."""
        row = self.sudo().search(
            [("company_id", "=", company_id), ("purpose", "=", purpose)], limit=1
        )
        return row.account_id.id or None

    def _announce(self):
        """Events that missed the account may go on."""
        self.env["construction.resolver"].sudo()._available(
            [("clearing_account", f"{row.company_id.id}|{row.purpose}") for row in self]
        )
