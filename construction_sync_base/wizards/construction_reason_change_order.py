from odoo import fields, models


class ConstructionReason(models.TransientModel):
    """Why a change order is rejected or made void."""

    _inherit = "construction.reason"

    action = fields.Selection(
        selection_add=[("reject", "Reject the change order"), ("void", "Void the change order")],
        ondelete={"reject": "cascade", "void": "cascade"},
    )

    def action_confirm(self):
        self.ensure_one()
        if self.action not in ("reject", "void"):
            return super().action_confirm()
        changes = self.env["construction.change.order"].browse(self.res_ids)
        act = changes.action_reject if self.action == "reject" else changes.action_void
        told = act(self.reason)
        return told if isinstance(told, dict) else {"type": "ir.actions.act_window_close"}
