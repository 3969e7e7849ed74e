from odoo import api, fields, models
from odoo.exceptions import UserError


class ConstructionReason(models.TransientModel):
    """Asks why, for what is not done without a reason."""

    _name = "construction.reason"
    _description = "Reason"

    action = fields.Selection(
        [
            ("replay", "Replay events"),
            ("discard", "Discard events"),
            ("waive", "Waive issues"),
            ("approve_overrun", "Approve the overrun"),
            ("return", "Return the document"),
            ("lift", "Lift legal holds"),
            ("reopen", "Open the month again"),
            ("send_again", "Send again"),
            ("not_send", "Do not send"),
        ],
        required=True,
    )
    res_model = fields.Char()
    res_ids = fields.Json()
    reason = fields.Char(required=True)

    @api.model
    def _ask(self, records, action):
        """The dialog that asks why `action` is to be done to these records."""
        records.check_access("read")
        return self.env["ir.actions.act_window"]._for_xml_id(
            f"construction_sync_base.action_construction_reason_{action}"
        ) | {
            "context": {
                "default_res_model": records._name,
                "default_res_ids": records.ids,
                "default_action": action,
            }
        }

    def action_confirm(self):
        self.ensure_one()
        if self.action == "replay":
            self.env["construction.event"].browse(self.res_ids).action_replay(self.reason)
        elif self.action == "discard":
            self.env["construction.event"].browse(self.res_ids).action_discard(self.reason)
        elif self.action == "send_again":
            self.env["construction.outbox"].browse(self.res_ids).action_replay(self.reason)
        elif self.action == "not_send":
            self.env["construction.outbox"].browse(self.res_ids).action_discard(self.reason)
        elif self.action == "waive":
            self.env["construction.issue"].browse(self.res_ids).action_waive(self.reason)
        elif self.action == "return":
            self._return_documents()
        elif self.action == "reopen":
            self.env["construction.period"].browse(self.res_ids).action_reopen(self.reason)
        elif self.action == "lift":
            self.env["construction.legal.hold"].browse(self.res_ids).action_lift(self.reason)
        else:
            self.env["construction.issue"].browse(self.res_ids).action_approve_overrun(self.reason)
        return {"type": "ir.actions.act_window_close"}

    def _return_documents(self):
        if self.res_model == "construction.approval":
            self.env[self.res_model].browse(self.res_ids).action_reject(self.reason)
        elif hasattr(self.env.registry.get(self.res_model), "action_return"):
            self.env[self.res_model].browse(self.res_ids).action_return(self.reason)
        else:
            raise UserError(self.env._("Open the document and return it from there."))
