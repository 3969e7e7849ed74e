from odoo import fields, models
from odoo.exceptions import UserError

from .construction_coding import COST_ACCOUNTS


class AccountMoveLineTransfer(models.Model):
    """Posted cost is recoded from here: the item stays, a dated transfer moves its cost."""

    _inherit = "account.move.line"

    cost_transfer_line_id = fields.Many2one(
        "construction.cost.transfer.line",
        string="Cost transfer",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )

    def action_cost_transfer(self):
        """The dialog that moves what is left of these items.

        :raises UserError: none of them is posted cost of a job, or they are of several
            companies
        """
        self.env["construction.cost.transfer"].check_access("create")
        self.check_access("read")
        items = self.filtered(
            lambda item: (
                item.parent_state == "posted" and item.account_id.account_type in COST_ACCOUNTS
            )
        )._of_jobs()
        if not items:
            raise UserError(
                self.env._("Choose posted items on cost accounts that are coded to a job.")
            )
        if len(items.company_id) > 1:
            raise UserError(self.env._("A transfer is made within one company."))
        lines = self.env["construction.cost.transfer.line"]._values_of(items)
        left = [values for values in lines if values["amount"]]
        if not left:
            raise UserError(
                self.env._(
                    "All of it was moved already: transfer it on from the entries that moved it."
                )
            )
        return self.env["construction.cost.transfer"]._dialog(items.company_id, left)
