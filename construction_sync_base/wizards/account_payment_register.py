from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Command


class AccountPaymentRegister(models.TransientModel):
    _inherit = "account.payment.register"

    @api.model
    def default_get(self, fields):
        """Only what may be paid is offered, so that the sum shown is the sum paid. Retention
        that a bill asked for comes along with it."""
        values = super().default_get(fields)
        if "line_ids" in values:
            chosen = self.env["account.move.line"].browse(_ids(values["line_ids"]))
            released = chosen.move_id.retention_release_ids.line_ids.filtered(
                lambda line: line.account_type == "liability_payable" and not line.reconciled
            )
            lines = chosen | released
            refusals = lines._payment_refusals()
            payable = lines.filtered(lambda line: line not in refusals)
            if not payable:
                raise UserError("\n".join(sorted(set(refusals.values()))))
            values["line_ids"] = [Command.set(payable.ids)]
        return values

    def _create_payments(self):
        """Whatever way lines got in here, nothing held is paid."""
        refusals = self.line_ids._payment_refusals()
        if refusals:
            raise UserError("\n".join(sorted(set(refusals.values()))))
        return super()._create_payments()


def _ids(commands):
    """Ids that the wizard's default names."""
    return [i for command in commands for i in (command[2] if command[0] == 6 else [command[1]])]
