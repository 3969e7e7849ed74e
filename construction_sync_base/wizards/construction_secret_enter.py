from odoo import fields, models


class ConstructionSecretEnter(models.TransientModel):
    """Takes over a secret that the platform made. It goes straight to where secrets are kept:
    the row of the dialog, and so a dump of the database, never holds it."""

    _name = "construction.secret.enter"
    _description = "Secret of a Platform"

    platform_id = fields.Many2one("construction.platform", required=True, ondelete="cascade")
    purpose = fields.Selection(
        [("inbound", "Proves what arrives"), ("calls", "Opens calls")],
        required=True,
        default="inbound",
    )
    secret = fields.Char(compute="_compute_secret", inverse="_inverse_secret", required=True)

    def _compute_secret(self):
        self.secret = False

    def _inverse_secret(self):
        for dialog in self.filtered("secret"):
            if dialog.purpose == "calls":
                dialog.platform_id._set_call_secret(dialog.secret)
            else:
                dialog.platform_id._set_secret(dialog.secret)

    def action_done(self):
        """Saving the dialog did it."""
        return {"type": "ir.actions.act_window_close"}
