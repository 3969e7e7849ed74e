from odoo import api, fields, models


class ConstructionSecretKeys(models.TransientModel):
    """Which encryption key each stored secret needs, and the button that puts all of them
    under the current one. Shows key ids and counts only."""

    _name = "construction.secret.keys"
    _description = "Encryption Keys"

    summary = fields.Text(string="Stored secrets", compute="_compute_summary")
    trouble = fields.Text(compute="_compute_summary")
    old_count = fields.Integer(compute="_compute_summary")

    @api.depends_context("uid")
    def _compute_summary(self):
        facts = self.env["construction.secret"]._key_facts()
        for wizard in self:
            wizard.summary = "\n".join(wizard._lines(facts))
            wizard.trouble = wizard._trouble(facts)
            wizard.old_count = facts["old"]

    def _lines(self, facts):
        """One line per key that is configured or needed."""
        missing = sorted(facts["by_key"].keys() - set(facts["configured"]))
        for key_id in [*facts["configured"], *missing]:
            if key_id in missing:
                place = self.env._("missing")
            elif key_id == facts["configured"][0]:
                place = self.env._("the current key")
            else:
                place = self.env._("an older key")
            yield self.env._(
                "• %(key)s, %(place)s: %(count)s secrets",
                key=key_id,
                place=place,
                count=facts["by_key"].get(key_id, 0),
            )

    def _trouble(self, facts):
        if facts["error"]:
            return self.env._(
                "The configured keys cannot be used: %s. Mend the setting and restart.",
                facts["error"],
            )
        if facts["unreadable"]:
            return self.env._(
                "%s secrets cannot be opened, and their platforms are refused. Add the missing "
                "key behind the current one and restart, or make new secrets.",
                facts["unreadable"],
            )
        return False

    def action_reencrypt(self):
        """Encrypt all secrets with the current key."""
        self.ensure_one()
        self.env["construction.platform"].check_access("write")
        facts = self.env["construction.secret"]._reencrypt()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "%(count)s secrets are under key %(key)s, none under another. Older keys may "
                    "leave the setting.",
                    count=facts["current"],
                    key=facts["configured"][0],
                ),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
