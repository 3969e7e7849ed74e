from odoo import fields, models


class ConstructionTraffic(models.Model):
    """How often a platform sent what was not new: one row per platform and verdict.

    What is new is counted by its own rows; what is repeated leaves none.
    """

    _name = "construction.traffic"
    _description = "Repeated Traffic"
    _check_company_auto = True
    _order = "platform_id, verdict"
    _rec_name = "verdict"
    _log_access = False

    platform_id = fields.Many2one(
        "construction.platform", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="platform_id.company_id")
    verdict = fields.Selection(
        [
            ("duplicate", "Sent again"),
            ("conflict", "Same id, other content"),
            ("malformed", "Unreadable"),
        ],
        required=True,
        readonly=True,
    )
    events = fields.Integer(readonly=True, required=True, help="Since the installation.")
    last_at = fields.Datetime(readonly=True, required=True)

    _one = models.Constraint("UNIQUE (platform_id, verdict)", "This is counted already.")

    def _count(self, platform_id, verdicts):
        """:param verdicts: {verdict: number of events}"""
        for verdict in sorted(verdicts):  # everybody in the same order, so nobody deadlocks
            self.env.cr.execute(
                """
                INSERT INTO construction_traffic (platform_id, verdict, events, last_at)
                     VALUES (%s, %s, %s, now() AT TIME ZONE 'UTC')
                ON CONFLICT (platform_id, verdict) DO UPDATE
                        SET events = construction_traffic.events + EXCLUDED.events,
                            last_at = EXCLUDED.last_at
                """,
                (platform_id, verdict, verdicts[verdict]),
            )
