from odoo import fields, models


class ConstructionReason(models.TransientModel):
    """Reasons of what people do to bills."""

    _inherit = "construction.reason"

    action = fields.Selection(
        selection_add=[("hold", "Hold the payment"), ("release_hold", "End the hold")],
        ondelete={"hold": "cascade", "release_hold": "cascade"},
    )

    def action_confirm(self):
        if self.action == "hold":
            self.env["account.move"].browse(self.res_ids).action_hold(self.reason)
        elif self.action == "release_hold":
            self.env["construction.hold"].browse(self.res_ids).action_release_hold(self.reason)
        else:
            return super().action_confirm()
        return {"type": "ir.actions.act_window_close"}
