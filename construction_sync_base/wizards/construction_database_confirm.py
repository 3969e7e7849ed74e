from odoo import api, fields, models
from odoo.exceptions import UserError


class ConstructionDatabaseConfirm(models.TransientModel):
    """Asks the one question that decides whether platforms may pass after a restore, copy or
    move: is this database the original now, or a copy?"""

    _name = "construction.database.confirm"
    _description = "Original or Copy?"

    platform_ids = fields.Many2many(
        "construction.platform",
        string="Platforms that are refused",
        required=True,
        default=lambda self: self._refused(),
    )
    answer = fields.Selection(
        [
            ("original", "The original: it takes the place of the one before"),
            ("copy", "A copy: for tests, or to look something up"),
        ],
        string="This database is",
    )
    command = fields.Char(compute="_compute_command")

    @api.model
    def _refused(self):
        """Platforms that take nothing in because of the database they are in."""
        platforms = self.env["construction.platform"].search([("state", "!=", "draft")])
        return platforms.filtered("can_confirm")

    def _compute_command(self):
        for wizard in self:
            wizard.command = f"odoo neutralize -c odoo.conf -d {self.env.cr.dbname}"

    def action_confirm_database(self):
        """Let the platforms pass.

        :raises UserError: nobody said that this is the original
        """
        self.ensure_one()
        if self.answer != "original":
            raise UserError(
                self.env._(
                    "Only the original is confirmed. A copy stays refused; neutralise it: %s",
                    self.command,
                )
            )
        self.platform_ids.action_confirm_database()
        return {"type": "ir.actions.client", "tag": "soft_reload"}
