from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command

MOST_EVENTS = 5_000


class ConstructionReplayStart(models.TransientModel):
    """“Apply again”: replay applied events after a mapping or a policy was changed."""

    _name = "construction.replay.start"
    _description = "Apply Again"

    event_ids = fields.Many2many("construction.event", string="Events")
    event_count = fields.Integer(compute="_compute_event_count")
    version = fields.Selection(
        [("now", "What is in force"), ("earlier", "An earlier version")],
        required=True,
        default="now",
    )
    change_id = fields.Many2one(
        "construction.change",
        string="As it was after",
        domain=[("state", "=", "active")],
        help="What holds is what held right after this set came into force.",
    )
    reason = fields.Char()

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        if self.env.context.get("active_model") == "construction.event":
            values["event_ids"] = [Command.set(self.env.context.get("active_ids") or [])]
        return values

    @api.depends("event_ids")
    def _compute_event_count(self):
        applied = self.env["construction.reapply"]._types()
        for wizard in self:
            wizard.event_count = len(
                wizard.event_ids.filtered(lambda e: e.state == "processed" and e.type in applied)
            )

    def action_start(self):
        """Start the replay and open it.

        :raises UserError: no reason, nothing that was applied, or too much at once
        """
        self.ensure_one()
        if not self.env.user.has_group("construction_sync_base.group_integration_manager"):
            raise AccessError(self.env._("Only an Integration Manager may apply events again."))
        if not (self.reason or "").strip():
            raise UserError(self.env._("Say why these events are applied again."))
        types = self.env["construction.reapply"]._types()
        events = self.event_ids.filtered(lambda e: e.state == "processed" and e.type in types)
        if not events:
            raise UserError(
                self.env._(
                    "None of these was applied as the state of an object: a movement happened "
                    "once, and what waits is replayed with “Replay”."
                )
            )
        if len(events) > MOST_EVENTS:
            raise UserError(
                self.env._(
                    "%(count)s events are too many at once: choose up to %(most)s.",
                    count=len(events),
                    most=MOST_EVENTS,
                )
            )
        change = self.change_id if self.version == "earlier" else self.change_id.browse()
        if self.version == "earlier" and change.state != "active":
            raise UserError(self.env._("Choose a change set that is in force."))
        replay = self.env["construction.replay"]._start(events, self.reason.strip(), change)
        return replay._get_records_action(context={})
