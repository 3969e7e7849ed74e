from odoo import fields, models

from ..lib import health

LEVELS = [
    (health.OFF, "Off"),
    (health.FINE, "Fine"),
    (health.LOOK, "Look at it"),
    (health.ACT, "Act now"),
]


class ConstructionPlatform(models.Model):
    """How a platform is doing, from the bounded readings of `construction.gauges`."""

    _inherit = "construction.platform"

    last_received_at = fields.Datetime(compute="_compute_traffic", compute_sudo=True)
    open_issue_count = fields.Integer(compute="_compute_traffic", compute_sudo=True)
    waiting_count = fields.Integer(
        string="Not applied", compute="_compute_traffic", compute_sudo=True
    )
    pending_count = fields.Integer(
        string="Waiting its turn", compute="_compute_traffic", compute_sudo=True
    )
    parked_count = fields.Integer(
        string="Waiting for somebody", compute="_compute_traffic", compute_sudo=True
    )
    dead_count = fields.Integer(string="Given up", compute="_compute_traffic", compute_sudo=True)
    finished_count = fields.Integer(
        string="Applied in the last hour", compute="_compute_traffic", compute_sudo=True
    )
    on_time_rate = fields.Integer(
        string="Applied within a minute (%)",
        compute="_compute_traffic",
        compute_sudo=True,
        help="Of the events applied in the last hour.",
    )
    lag_median = fields.Float(
        string="Median lag (s)", compute="_compute_traffic", compute_sudo=True, digits=(16, 1)
    )
    lag_high = fields.Float(
        string="95 % within (s)", compute="_compute_traffic", compute_sudo=True, digits=(16, 1)
    )
    health = fields.Selection(LEVELS, compute="_compute_traffic", compute_sudo=True)
    health_note = fields.Text(string="Why", compute="_compute_traffic", compute_sudo=True)

    def _compute_traffic(self):
        gauges = self.env["construction.gauges"]
        with gauges._bounded():
            found = gauges._of_platforms(self._origin.ids)
        for platform in self:
            platform._show(found.get(platform._origin.id) or gauges._nothing())

    def _show(self, found):
        states, lag = found["states"], found["lag"] or (0, 0)
        self.pending_count = states.get("pending", 0)
        self.parked_count = states.get("parked", 0)
        self.dead_count = states.get("dead", 0)
        self.waiting_count = sum(states.values())
        self.open_issue_count = sum(found["issues"].values())
        self.last_received_at = found["last"] and found["last"][0]
        self.finished_count = found["finished"].get("processed", 0)
        self.on_time_rate = round(100 * (found["on_time"] or 0))
        self.lag_median, self.lag_high = lag
        judged = self._judge(found)
        self.health = health.worst([level for level, _reason in judged])
        self.health_note = "\n".join(self._reasons()[reason] for _level, reason in judged)

    def _judge(self, found):
        urgent = sum(n for (_c, severity), n in found["issues"].items() if severity == "critical")
        return health.of_platform(
            state=self.state if self.active else "archived",
            halted=bool(self.halted),
            has_secret=self.has_secret,
            dead=found["states"].get("dead", 0),
            parked=found["states"].get("parked", 0),
            issues=sum(found["issues"].values()),
            urgent=urgent,
            lag=found["lag"] and found["lag"][1],
            silence=found["last"] and found["last"][1],
            had_traffic=bool(found["last"]),
        )

    def _reasons(self):
        return {
            "archived": self.env._("It is archived: it answers “gone”."),
            "draft": self.env._("It is a draft: it answers “not found”."),
            "paused": self.env._("It is paused: what arrives is stored and not applied."),
            "halted": self.halted or "",
            "secret": self.env._("It has no valid secret: nothing it sends is accepted."),
            "dead": self.env._("Events were given up: open them, replay or discard them."),
            "issues": self.env._("Issues are open: somebody has to decide."),
            "parked": self.env._("Events wait for somebody: their issues say for what."),
            "slow": self.env._("Events are applied late: look at the runner and its jobs."),
            "silent": self.env._("Nothing arrived for a day: is the platform still sending?"),
        }
