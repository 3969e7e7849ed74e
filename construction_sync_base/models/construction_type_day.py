from odoo import api, fields, models

# Rows get their ids before they are committed. A younger one may still miss older ones,
# one of this age does not: no transaction that stores events runs for minutes.
SETTLED = "5 minutes"


class ConstructionTypeDay(models.Model):
    """How many events of one type version a platform sent on one day (UTC).

    Counted forward from the newest event that is counted, so that a screen adds up days and
    never millions of events. The figures stay when events are removed.
    """

    _name = "construction.type.day"
    _description = "Event Type by Day"
    _check_company_auto = True
    _order = "day desc, id desc"
    _rec_name = "type"
    _log_access = False

    platform_id = fields.Many2one(
        "construction.platform", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="platform_id.company_id")
    type = fields.Char(required=True, readonly=True)
    day = fields.Date(required=True, readonly=True)
    events = fields.Integer(required=True, readonly=True)
    last_seen_at = fields.Datetime(required=True, readonly=True)
    last_event_id = fields.Integer(required=True, readonly=True)

    _one = models.Constraint("UNIQUE (platform_id, type, day)", "This day is counted already.")
    _counted = models.Constraint("CHECK (events > 0)", "A day without events has no row.")
    _newest = models.Index("(last_event_id)")

    @api.model
    def _count(self):
        """Add what arrived since the last count. Two counts at once cannot both count an
        event: the second one fails to serialize and runs again."""
        self.flush_model()
        self.env["construction.event"].flush_model(["platform_id", "type", "received_at"])
        self.env.cr.execute("SELECT COALESCE(max(last_event_id), 0) FROM construction_type_day")
        (mark,) = self.env.cr.fetchone()
        # two statements: only with the number itself does the planner know that few rows follow
        self.env.cr.execute(
            "SELECT id FROM construction_event WHERE id > %s"
            " AND received_at < (now() AT TIME ZONE 'UTC') - %s::interval"
            " ORDER BY id DESC LIMIT 1",
            (mark, SETTLED),
        )
        newest = self.env.cr.fetchone()
        if not newest:
            return
        self.env.cr.execute(
            """
            INSERT INTO construction_type_day AS known
                        (platform_id, type, day, events, last_seen_at, last_event_id)
                 SELECT platform_id, type, received_at::date, count(*), max(received_at), max(id)
                   FROM construction_event
                  WHERE id > %s AND id <= %s
               GROUP BY platform_id, type, received_at::date
            ON CONFLICT (platform_id, type, day) DO UPDATE
                    SET events = known.events + EXCLUDED.events,
                        last_seen_at = GREATEST(known.last_seen_at, EXCLUDED.last_seen_at),
                        last_event_id = GREATEST(known.last_event_id, EXCLUDED.last_event_id)
            """,
            (mark, newest[0]),
        )
        self.invalidate_model()
        self.env["construction.type.usage"].invalidate_model()
