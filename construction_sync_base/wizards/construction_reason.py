from odoo import fields, models


class ConstructionReason(models.TransientModel):
    """Asks why, for what is not done without a reason."""

    _name = "construction.reason"
    _description = "Reason"

    action = fields.Selection(
        [
            ("discard", "Discard events"),
            ("waive", "Waive issues"),
            ("approve_overrun", "Approve the overrun"),
        ],
        required=True,
    )
    res_ids = fields.Json()
    reason = fields.Char(required=True)

    def action_confirm(self):
        self.ensure_one()
        if self.action == "discard":
            self.env["construction.event"].browse(self.res_ids).action_discard(self.reason)
        elif self.action == "waive":
            self.env["construction.issue"].browse(self.res_ids).action_waive(self.reason)
        else:
            self.env["construction.issue"].browse(self.res_ids).action_approve_overrun(self.reason)
        return {"type": "ir.actions.act_window_close"}
