from odoo import api, fields, models
from odoo.exceptions import UserError


class ConstructionIssueChoose(models.TransientModel):
    """“Which one is it?”: bind the platform's record to one that stands in Odoo already,
    or say that it is a new one. The event goes on either way."""

    _name = "construction.issue.choose"
    _description = "Choose the Record Meant"

    issue_id = fields.Many2one("construction.issue", required=True, ondelete="cascade")
    message = fields.Text(related="issue_id.message")
    may_be_new = fields.Boolean(related="issue_id.may_be_new")
    candidate_ids = fields.One2many("construction.issue.candidate", "choose_id")

    @api.model
    def _for_issue(self, issue):
        """The dialog of an issue, with the candidates that still exist."""
        found = []
        for entry in issue.candidates or ():
            record = self.env[entry["model"]].browse(entry["id"]).exists()
            if record:
                found.append(
                    {
                        "res_model": record._name,
                        "res_id": record.id,
                        "name": record.display_name,
                        "differences": entry["differences"],
                    }
                )
        return self.create(
            {
                "issue_id": issue.id,
                "candidate_ids": [fields.Command.create(values) for values in found],
            }
        )

    def action_make_new(self):
        """None of them: the event makes a record of its own."""
        self.ensure_one()
        self.issue_id._check_operator()
        if not self.may_be_new:
            raise UserError(
                self.env._("A second one cannot stand beside these: bind it, or change a number.")
            )
        event = self.issue_id.sudo().event_id
        event.apart = True
        self.env["construction.audit"]._record(event, "record_apart")
        self.issue_id.sudo()._close("resolved", self.env._("A new record was chosen."))
        return {"type": "ir.actions.act_window_close"}
