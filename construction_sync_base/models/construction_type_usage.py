from odoo import api, fields, models
from odoo.tools import SQL

RECENT = 30  # days


class ConstructionTypeUsage(models.Model):
    """Which versions of the event types a platform still sends: whom to tell before a
    version goes."""

    _name = "construction.type.usage"
    _description = "Event Type in Use"
    _check_company_auto = True
    _auto = False
    _order = "platform_id, type"
    _rec_name = "type"

    platform_id = fields.Many2one("construction.platform", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    type = fields.Char(string="Event type", readonly=True)
    recent_events = fields.Integer(
        string="Last 30 days", readonly=True, help="Counted every five minutes, by UTC days."
    )
    events = fields.Integer(string="Ever", readonly=True)
    last_seen_at = fields.Datetime(string="Last seen", readonly=True)
    status = fields.Selection(
        [
            ("current", "Current"),
            ("deprecated", "Deprecated"),
            ("ended", "Past its end"),
            ("unknown", "No handler"),
        ],
        compute="_compute_version",
        search="_search_status",
    )
    deprecated_on = fields.Date(string="Deprecated from", compute="_compute_version")
    sunset_on = fields.Date(
        string="Understood until",
        compute="_compute_version",
        help="At least. Afterwards a release may drop this version.",
    )
    successor = fields.Char(string="Send instead", compute="_compute_version")

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT min(d.id) AS id, d.platform_id, p.company_id, d.type,
                   COALESCE(sum(d.events) FILTER (
                       WHERE d.day > (now() AT TIME ZONE 'UTC')::date - %s), 0)::int
                       AS recent_events,
                   sum(d.events)::int AS events, max(d.last_seen_at) AS last_seen_at
              FROM construction_type_day d
              JOIN construction_platform p ON p.id = d.platform_id
             GROUP BY d.platform_id, p.company_id, d.type
            """,
            RECENT,
        )

    @api.depends("type")
    def _compute_version(self):
        versions = self.env["construction.handler"]._catalogue()
        for usage in self:
            version = versions.get(usage.type)
            usage.status = self._status(version)
            usage.deprecated_on = version and version.deprecated_on
            usage.sunset_on = version and version.sunset_on
            usage.successor = version and version.successor

    def _status(self, version):
        if version is None:
            return "unknown"
        if not version.deprecated_on:
            return "current"
        today = fields.Date.context_today(self)
        return "ended" if version.sunset_on and version.sunset_on < today else "deprecated"

    def _search_status(self, operator, value):
        if operator != "in":
            return NotImplemented
        versions = self.env["construction.handler"]._catalogue()
        known = [name for name, version in versions.items() if self._status(version) in value]
        domain = [("type", "in", known)]
        if "unknown" in value:
            domain = ["|", ("type", "not in", list(versions)), *domain]
        return domain
