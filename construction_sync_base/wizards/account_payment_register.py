from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Command


class AccountPaymentRegister(models.TransientModel):
    _inherit = "account.payment.register"

    @api.model
    def default_get(self, fields):
        """Only what may be paid is offered, so that the sum shown is the sum paid. Retention
        that a bill asked for comes along with it."""
        values = super(AccountPaymentRegister, self._with_released()).default_get(fields)
        if "line_ids" in values:
            chosen = self.env["account.move.line"].browse(_ids(values["line_ids"]))
            lines = chosen | chosen.move_id._released_items()
            refusals = lines._payment_refusals()
            payable = lines.filtered(lambda line: line not in refusals)
            if not payable:
                raise UserError("\n".join(sorted(set(refusals.values()))))
            values["line_ids"] = [Command.set(payable.ids)]
        return values

    def _with_released(self):
        """Odoo finds nothing to pay on a bill that is open by its released retention alone."""
        if self.env.context.get("active_model") != "account.move":
            return self
        moves = self.env["account.move"].browse(self.env.context.get("active_ids", []))
        found = moves | moves._released_items().move_id
        return self.with_context(active_ids=found.ids)

    def _create_payments(self):
        """Whatever way lines got in here, nothing held is paid."""
        refusals = self.line_ids._payment_refusals()
        if refusals:
            raise UserError("\n".join(sorted(set(refusals.values()))))
        return super()._create_payments()


def _ids(commands):
    """Ids that the wizard's default names."""
    return [i for command in commands for i in (command[2] if command[0] == 6 else [command[1]])]
