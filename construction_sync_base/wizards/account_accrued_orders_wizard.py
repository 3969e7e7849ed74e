from odoo import models
from odoo.exceptions import UserError


class AccountAccruedOrdersWizard(models.TransientModel):
    _inherit = "account.accrued.orders.wizard"

    def _compute_move_vals(self):
        """The native wizard puts the job on cost and accrual alike, so that the accrual
        cancels itself in the cost of the job."""
        model = self.env.context.get("active_model")
        if model in ("purchase.order", "purchase.order.line"):
            records = self.env[model].browse(self.env.context.get("active_ids"))
            orders = records if model == "purchase.order" else records.order_id
            for order in orders.filtered("is_commitment"):
                raise UserError(
                    self.env._(
                        "%s is a commitment of a job: its work done and not billed is accrued "
                        "from progress or certificate, not by this wizard.",
                        order.display_name,
                    )
                )
        return super()._compute_move_vals()
