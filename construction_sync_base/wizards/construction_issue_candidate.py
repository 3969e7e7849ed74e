from odoo import fields, models
from odoo.exceptions import UserError


class ConstructionIssueCandidate(models.TransientModel):
    """One record that may be the one meant."""

    _name = "construction.issue.candidate"
    _description = "Candidate"

    choose_id = fields.Many2one("construction.issue.choose", required=True, ondelete="cascade")
    res_model = fields.Char(required=True, readonly=True)
    res_id = fields.Many2oneReference(model_field="res_model", required=True, readonly=True)
    name = fields.Char(readonly=True)
    differences = fields.Text(readonly=True)

    def action_bind(self):
        """This one: bound by hand, and the event goes on."""
        self.ensure_one()
        issue = self.choose_id.issue_id
        issue._check_operator()
        offered = {(entry["model"], entry["id"]) for entry in issue.candidates or ()}
        if (self.res_model, self.res_id) not in offered:
            raise UserError(self.env._("Choose one of the records that the issue names."))
        event = issue.sudo().event_id
        record = self.env[self.res_model].browse(self.res_id)
        record.check_access("read")
        item = self.env["construction.apply"]._item_of(event)
        self.env["construction.binding"]._bind_by_hand(
            issue.platform_id, item.object, item.external_id, record
        )
        issue.sudo()._close("resolved", self.env._("Bound to %s.", record.display_name))
        return {"type": "ir.actions.act_window_close"}

    def action_open(self):
        self.ensure_one()
        return self.env[self.res_model].browse(self.res_id)._get_records_action(context={})
