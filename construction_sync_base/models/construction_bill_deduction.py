from odoo import fields, models
from odoo.exceptions import UserError

KINDS = [
    ("back_charge", "Back charge"),
    ("advance_recovery", "Advance recovery"),
    ("withholding", "Withholding"),
    ("liquidated_damages", "Liquidated damages"),
    ("discount", "Discount"),
    ("other", "Other"),
]


class ConstructionBillDeduction(models.Model):
    """What a vendor's invoice takes off its own amount payable. The bill keeps the totals of
    the document; with its posting an entry Dr payable / Cr the account here is reconciled with
    it. Back charges and damages lower the cost of the code that bore the work, an advance is
    no cost, what is withheld is owed to the authority."""

    _name = "construction.bill.deduction"
    _description = "Deduction of a Bill"
    _check_company_auto = True
    _order = "move_id, id"
    _rec_name = "name"

    move_id = fields.Many2one(
        "account.move", string="Bill", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(
        related="move_id.company_id", store=True, index=True, precompute=True
    )
    currency_id = fields.Many2one(related="move_id.currency_id")
    kind = fields.Selection(KINDS, required=True, readonly=True)
    name = fields.Char(string="Reference", required=True, readonly=True)
    amount = fields.Monetary(required=True, readonly=True)
    account_id = fields.Many2one(
        "account.account", required=True, readonly=True, ondelete="restrict"
    )
    analytic_distribution = fields.Json(readonly=True)

    _amount = models.Constraint("CHECK (amount > 0)", "What is deducted is above 0.")

    def write(self, vals):
        """They are the document's own: a newer version replaces them with its lines."""
        if not self.move_id._is_at_the_gate():
            raise UserError(self.env._("Deductions are kept as the vendor's document has them."))
        return super().write(vals)
