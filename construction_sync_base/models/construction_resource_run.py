import hashlib

from odoo import api, fields, models

MOST_NAMED = 200  # ids that are missing and told by name
KEPT_DAYS = 90
KEPT_DAYS_EMPTY = 7  # of readings that found nothing


class ConstructionResourceRun(models.Model):
    """One reading of a list, page by page. Its position is kept with each page, so that whoever
    goes on after a crash or a stop asks for the page that is missing.

    `token` is a fence: a worker keeps a page only in a row that still carries the token it
    wrote, so one that wakes up late keeps nothing.
    """

    _name = "construction.resource.run"
    _description = "Reading of a Resource"
    _check_company_auto = True
    _order = "id desc"
    _rec_name = "resource_id"

    resource_id = fields.Many2one(
        "construction.resource", required=True, readonly=True, ondelete="cascade", index=True
    )
    platform_id = fields.Many2one(related="resource_id.platform_id", store=True)
    company_id = fields.Many2one(related="resource_id.company_id", store=True, index=True)
    kind = fields.Selection(
        [("poll", "Changes"), ("backfill", "Whole list"), ("comparison", "Comparison")],
        required=True,
        readonly=True,
        default="poll",
    )
    state = fields.Selection(
        [("running", "Running"), ("done", "Done"), ("failed", "Failed"), ("stopped", "Stopped")],
        required=True,
        readonly=True,
        default="running",
    )
    started_at = fields.Datetime(required=True, readonly=True, default=fields.Datetime.now)
    ended_at = fields.Datetime(readonly=True)
    why = fields.Char(readonly=True)
    # ---------------------------------------------------------- what was read
    pages = fields.Integer(readonly=True)
    records = fields.Integer(readonly=True, help="Of all pages; some are read again.")
    new_count = fields.Integer(string="New", readonly=True)
    duplicate_count = fields.Integer(string="Known", readonly=True)
    faulty_count = fields.Integer(string="Unreadable", readonly=True)
    fault = fields.Char(string="First one", readonly=True)
    progress = fields.Float(compute="_compute_progress")
    # --------------------------------------------------------------- place
    since_text = fields.Char(string="Asked since", readonly=True)
    position = fields.Json(readonly=True)
    mark = fields.Char(string="Read up to", readonly=True)
    passes = fields.Integer(
        readonly=True, default=1, help="The list is read again where it moved while it was read."
    )
    listed = fields.Integer(readonly=True, help="Different records in this pass.")
    repeated = fields.Integer(readonly=True, help="Records that came twice in this pass.")
    total = fields.Integer(readonly=True, help="What the platform says there are.")
    shrunk = fields.Boolean(readonly=True, help="It said fewer from one page to the next.")
    pass_facts = fields.Json(readonly=True)
    token = fields.Char(readonly=True, copy=False)
    lease_until = fields.Datetime(readonly=True, copy=False)
    # ---------------------------------------------------------- comparison
    compared = fields.Boolean(readonly=True)
    known_count = fields.Integer(string="Known here", readonly=True)
    only_there_count = fields.Integer(string="Only there", readonly=True)
    missing_count = fields.Integer(string="Not listed any more", readonly=True)
    missing_ids = fields.Text(string="Which", readonly=True)
    alarm = fields.Boolean(
        readonly=True, help="So many are missing that a right was lost rather than records."
    )

    _one_running = models.UniqueIndex(
        "(resource_id) WHERE state = 'running'", "This list is being read already."
    )
    _ended = models.Constraint(
        "CHECK ((state = 'running') = (ended_at IS NULL))", "A reading that is over has an end."
    )

    @api.depends("state", "listed", "total")
    def _compute_progress(self):
        for run in self:
            if run.state == "done":
                run.progress = 100.0
            else:
                run.progress = min(100.0 * run.listed / run.total, 99.0) if run.total else 0.0

    @api.autovacuum
    def _gc_readings(self):
        """Readings that are over and told nothing go after a week, the others later."""
        now = fields.Datetime.now()
        old = [("ended_at", "<", fields.Datetime.subtract(now, days=KEPT_DAYS))]
        empty = [
            ("ended_at", "<", fields.Datetime.subtract(now, days=KEPT_DAYS_EMPTY)),
            ("state", "=", "done"),
            ("new_count", "=", 0),
            ("faulty_count", "=", 0),
            ("missing_count", "=", 0),
        ]
        return self.search(fields.Domain.OR([old, empty]), limit=10_000).unlink()

    # ---------------------------------------------------------------- state
    def _end(self, state, why=False, **values):
        """The reading is over; nobody who still works on it keeps another page."""
        self.write(
            {"state": state, "why": why, "ended_at": fields.Datetime.now(), "token": False,
             "lease_until": False, **values}
        )  # fmt: skip

    def _resume(self):
        self.write({"state": "running", "ended_at": False, "why": False})

    def _next_pass(self):
        """From the first page once more."""
        self.write(
            {"passes": self.passes + 1, "position": False, "listed": 0, "repeated": 0, "total": 0,
             "shrunk": False, "pass_facts": self._facts()}
        )  # fmt: skip

    def _place(self):
        """(position, since, pages) for whoever reads on."""
        return self.position or None, self.since_text or None, self.pages

    # ------------------------------------------------------------- a moving list
    def _facts(self):
        """What this pass saw: how much, and which ids."""
        ids = ",".join(sorted(self._ids_there()))
        return [self.listed, self.repeated, self.total, hashlib.sha256(ids.encode()).hexdigest()]

    def _has_moved(self):
        """Whether the list moved while it was read, so that a record may have slipped past: one
        came twice, or there are fewer than there were, or than are said to be. Two passes that
        saw the same saw what is there."""
        if self.shrunk:
            return True
        odd = self.repeated or self.listed < self.total
        return bool(odd) and self.pass_facts != self._facts()

    # ---------------------------------------------------------------- ids
    def _see(self, ids):
        """Note ids of a page.

        :return: how many of them are new in this pass
        """
        if not ids:
            return 0
        self.env.cr.execute(
            """
            INSERT INTO construction_resource_seen AS seen
                        (resource_id, external_id, run_id, pass)
                 SELECT %(resource)s, one, %(run)s, %(pass)s
                   FROM unnest(%(ids)s::varchar[]) AS one
            ON CONFLICT (resource_id, external_id) DO UPDATE
                    SET run_id = EXCLUDED.run_id, pass = EXCLUDED.pass
                  WHERE (seen.run_id, seen.pass) <> (EXCLUDED.run_id, EXCLUDED.pass)
              RETURNING 1
            """,
            {"resource": self.resource_id.id, "run": self.id, "pass": self.passes,
             "ids": sorted(set(ids))},
        )  # fmt: skip
        return self.env.cr.rowcount

    def _ids_there(self):
        """Ids of this pass."""
        self.env.cr.execute(
            "SELECT external_id FROM construction_resource_seen"
            " WHERE resource_id = %s AND run_id = %s AND pass = %s",
            (self.resource_id.id, self.id, self.passes),
        )
        return [row[0] for row in self.env.cr.fetchall()]
