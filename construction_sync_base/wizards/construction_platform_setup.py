from odoo import api, fields, models


class ConstructionPlatformSetup(models.TransientModel):
    """The setup assistant: what a platform needs before it may be activated, what is
    missing, and what can be proposed."""

    _name = "construction.platform.setup"
    _description = "Platform Setup"

    platform_id = fields.Many2one("construction.platform", required=True, ondelete="cascade")
    state = fields.Selection(related="platform_id.state")
    holes = fields.Text(string="Missing", compute="_compute_holes")
    ready = fields.Boolean(compute="_compute_holes")
    has_secret = fields.Boolean(related="platform_id.has_secret")
    account_map_ids = fields.Many2many(
        "construction.account.map", compute="_compute_holes", string="Account map"
    )

    @api.depends("platform_id")
    def _compute_holes(self):
        for wizard in self:
            holes = wizard.platform_id._setup_holes()
            wizard.holes = "\n".join(f"• {hole}" for hole in holes)
            wizard.ready = not holes
            wizard.account_map_ids = self.env["construction.account.map"].search(
                [("company_id", "in", wizard.platform_id.company_ids.ids)]
            )

    def action_propose(self):
        """Fill what can be proposed; Finance reviews the account map afterwards."""
        self.ensure_one()
        self.platform_id._propose_setup()
        return self._reopen()

    def action_secret(self):
        return self.platform_id.action_show_secret()

    def action_activate(self):
        self.platform_id.action_activate()
        return {"type": "ir.actions.act_window_close"}

    def _reopen(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }
