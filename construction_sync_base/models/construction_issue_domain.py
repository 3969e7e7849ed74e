from odoo import api, fields, models


class ConstructionIssue(models.Model):
    """An issue that waits for a correction leads to it: what is undone, in which order."""

    _inherit = "construction.issue"

    correction_id = fields.Many2one(
        "construction.correction", compute="_compute_correction_id", compute_sudo=True
    )
    correction_effect = fields.Text(
        string="What is undone", compute="_compute_correction_id", compute_sudo=True
    )

    @api.depends("wait_key")
    def _compute_correction_id(self):
        for issue in self:
            kind, _bar, value = (issue.wait_key or "").partition("|")
            number = int(value) if kind == "corrected" and value.isdecimal() else 0
            issue.correction_id = self.env["construction.correction"].browse(number).exists()
            issue.correction_effect = issue.correction_id._release_effect() if number else False

    def action_open_correction(self):
        self.ensure_one()
        self.check_access("read")
        return self.correction_id.with_env(self.env)._get_records_action()
