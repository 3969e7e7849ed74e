from odoo import api, fields, models
from odoo.exceptions import UserError


class ConstructionCodedMixin(models.AbstractModel):
    """A code that cost is booked on: each has its account in the plan of its kind (a key of
    `construction.coding`), which follows its name, its code and whether it is active."""

    _name = "construction.coded.mixin"
    _inherit = ["construction.awaited.mixin"]
    _description = "Code with an Account"
    _check_company_auto = True

    analytic_account_id = fields.Many2one(
        "account.analytic.account",
        required=True,
        ondelete="restrict",
        copy=False,
        check_company=True,
    )

    _account_unique = models.Constraint(
        "UNIQUE (analytic_account_id)", "Another record uses this analytic account."
    )

    @api.constrains("analytic_account_id")
    def _check_account(self):
        self.env["construction.coding"]._check_plan(self, self._code_kind)

    @api.model_create_multi
    def create(self, vals_list):
        self.check_access("create")  # before accounts are made for it
        # one without code or name gets none and is refused by the ORM
        bare = [
            vals
            for vals in vals_list
            if vals.get("code") and vals.get("name") and not vals.get("analytic_account_id")
        ]
        if bare:
            accounts = self.env["construction.coding"]._accounts(
                self._code_kind,
                [
                    (vals["code"], vals["name"], company_id)
                    for vals, company_id in zip(bare, self._owner_ids(bare), strict=True)
                ],
            )
            for vals, account in zip(bare, accounts, strict=True):
                vals["analytic_account_id"] = account.id
        return super().create(vals_list)

    @api.model
    def _owner_ids(self, vals_list):
        """Id of the company of each record to be made, falsy where it is shared."""
        return [vals.get("company_id") for vals in vals_list]

    def write(self, vals):
        for record in self if "analytic_account_id" in vals else ():
            if record.analytic_account_id.id != vals["analytic_account_id"]:
                raise UserError(
                    self.env._("The account behind %s never changes.", record.display_name)
                )
        result = super().write(vals)
        if "name" in vals or "code" in vals:
            for record in self:
                account = record.analytic_account_id.sudo()
                account.write({"name": record.name, "code": record.code})
        if "active" in vals:
            self.analytic_account_id.sudo().write({"active": vals["active"]})
        return result

    @api.ondelete(at_uninstall=False)
    def _never_delete(self):
        raise UserError(self.env._("%s is archived, never deleted.", self[:1].display_name))
