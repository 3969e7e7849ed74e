from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    bill_rounding_tolerance = fields.Monetary(
        string="Rounding tolerance of bills",
        default=0.01,
        help="A vendor's totals may differ from its lines and taxes by this much; the "
        "difference goes to the account below. More than that stops the bill.",
    )
    bill_rounding_account_id = fields.Many2one(
        "account.account",
        string="Rounding differences of bills",
        check_company=True,
        domain="[('account_type', 'in', ('expense', 'expense_other', 'income_other')),"
        " ('company_ids', 'in', id)]",
        ondelete="restrict",
    )

    _bill_rounding = models.Constraint(
        "CHECK (bill_rounding_tolerance >= 0)", "A tolerance is not negative."
    )

    def write(self, vals):
        result = super().write(vals)
        if {"bill_rounding_account_id", "bill_rounding_tolerance"} & vals.keys():
            self.env["construction.resolver"]._available(
                [("bill_rounding", str(company.id)) for company in self]
            )
        return result
