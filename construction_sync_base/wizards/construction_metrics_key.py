from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import AccessError, ValidationError

from ..models.construction_platform import METRICS_SCOPE

MAX_DAYS = 366


class ConstructionMetricsKey(models.TransientModel):
    """Makes an API key that reads the metrics and nothing else of Odoo."""

    _name = "construction.metrics.key"
    _description = "New Metrics Key"

    name = fields.Char(
        string="Description", required=True, default=lambda self: self.env._("Metrics")
    )
    days = fields.Integer(string="Valid for days", required=True, default=365)

    def action_make(self):
        """A key of the user who asks, shown this once."""
        self.ensure_one()
        if not self.env.user.has_group("construction_sync_base.group_integration_manager"):
            raise AccessError(self.env._("Only an Integration Manager makes metrics keys."))
        if not 1 <= self.days <= MAX_DAYS:
            raise ValidationError(
                self.env._("A key is valid for 1 to %s days. Change the number.", MAX_DAYS)
            )
        until = fields.Datetime.now() + timedelta(days=self.days)
        # above the limit that Odoo sets for keys which open everything, hence sudo
        keys = self.env["res.users.apikeys"].sudo()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("New metrics key"),
            "res_model": "construction.secret.show",
            "view_mode": "form",
            "target": "new",
            "context": {"default_secret": keys._generate(METRICS_SCOPE, self.name, until)},
        }
