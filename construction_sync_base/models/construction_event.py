import json

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..lib.bucket import Limit
from .construction_guard import INTEGRATION_MANAGER, guard

STATES = [
    ("pending", "Waiting its turn"),
    ("parked", "Waiting for somebody"),
    ("processed", "Applied"),
    ("superseded", "Replaced by newer"),
    ("dead", "Given up"),
    ("discarded", "Discarded"),
]
UNFINISHED = ("pending", "parked", "dead")
# who reads what platforms sent word by word: it may hold wages and other personal data
EVIDENCE = "construction_sync_base.group_integration_manager,construction_sync_base.group_auditor"
MAX_REPLAY = 1000  # events at a time
REPLAYS = Limit(per_minute=200, burst=5000)  # of one platform
LANES = [("critical", "Critical"), ("standard", "Standard"), ("bulk", "Bulk")]


class ConstructionEvent(models.Model):
    """One business fact that a platform reported; the row owns its own state.

    `claim` is a fencing token: a worker applies only rows that still carry the token
    it wrote, so one that wakes up late finds nothing. Rows are written by
    `construction.inbox` and moved by `construction.drain` and `construction.apply`.
    """

    _name = "construction.event"
    _description = "Platform Event"
    _check_company_auto = True
    _order = "id desc"
    _rec_name = "event_id"
    _log_access = False

    platform_id = fields.Many2one(
        "construction.platform", required=True, readonly=True, ondelete="restrict"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    delivery_id = fields.Many2one(
        "construction.delivery", readonly=True, index=True, ondelete="restrict"
    )
    event_id = fields.Char(string="Event id", required=True, readonly=True)
    source = fields.Char(required=True, readonly=True)
    type = fields.Char(required=True, readonly=True, index=True)
    subject = fields.Char(required=True, readonly=True)
    sequence = fields.Char(readonly=True, help="Version of the object at the source.")
    time = fields.Datetime(readonly=True)
    correlation_id = fields.Char(readonly=True, index="btree_not_null")
    traceparent = fields.Char(readonly=True)
    payload = fields.Text(readonly=True, groups=EVIDENCE, help="The whole event, canonical JSON.")
    erased_at = fields.Datetime(
        readonly=True, help="When retention took the payload or a person was erased from it."
    )
    payload_pretty = fields.Text(
        string="Readable payload", compute="_compute_payload_pretty", groups=EVIDENCE
    )
    digest = fields.Char(readonly=True, required=True)
    data_digest = fields.Char(readonly=True)
    lane = fields.Selection(LANES, required=True, default="standard", readonly=True)
    state = fields.Selection(STATES, required=True, default="pending", readonly=True)
    attempts = fields.Integer(readonly=True, default=0)
    crashes = fields.Integer(
        readonly=True, default=0, help="How many workers died while they held this event."
    )
    failures = fields.Integer(
        readonly=True, default=0, help="Failed attempts in a row; they decide the next try."
    )
    next_try_at = fields.Datetime(readonly=True)
    first_failed_at = fields.Datetime(readonly=True)
    received_at = fields.Datetime(readonly=True, required=True)
    processed_at = fields.Datetime(readonly=True)
    last_error = fields.Text(readonly=True)
    blocked_by_id = fields.Many2one(
        "construction.event",
        readonly=True,
        index="btree_not_null",
        help="The earlier event of the same subject that has to be finished first.",
    )
    approved_note = fields.Char(
        readonly=True, copy=False, help="Why a person let this event exceed the budget."
    )
    apart = fields.Boolean(
        string="Makes a new record",
        readonly=True,
        copy=False,
        help="A person decided that none of the records found in Odoo is meant.",
    )
    replaying = fields.Boolean(
        readonly=True, copy=False, help="Applied once before; a replay of it waits."
    )
    claim = fields.Char(readonly=True, copy=False)
    claim_key = fields.Integer(readonly=True, copy=False)
    lease_until = fields.Datetime(readonly=True, copy=False)
    issue_ids = fields.One2many("construction.issue", "event_id", readonly=True)
    file_link_ids = fields.Many2many(
        "construction.file.link",
        "construction_file_link_event_rel",
        "event_id",
        "link_id",
        string="Files",
        readonly=True,
        groups=EVIDENCE,
    )
    binding_ids = fields.Many2many(
        "construction.binding",
        "construction_event_binding_rel",
        "event_id",
        "binding_id",
        readonly=True,
        string="Documents",
    )

    _identity = models.Constraint(
        "UNIQUE (platform_id, source, event_id)", "This event is stored already."
    )
    _partition = models.Index("(platform_id, subject, id)")
    _kept = models.Constraint(
        "CHECK (payload IS NOT NULL OR (erased_at IS NOT NULL"
        " AND state NOT IN ('pending', 'parked', 'dead')))",
        "The payload of an event that is not finished cannot be erased.",
    )
    _due = models.Index(
        "(lane, id) WHERE state = 'pending' AND claim IS NULL AND blocked_by_id IS NULL"
        " AND crashes = 0"
    )
    _crashed = models.Index("(lane, id) WHERE state = 'pending' AND crashes > 0")
    _unfinished = models.Index("(platform_id, state) WHERE state IN ('parked', 'dead')")
    _claimed = models.Index("(platform_id, subject) WHERE claim IS NOT NULL")
    _finished = models.Index("(processed_at) WHERE processed_at IS NOT NULL")

    @api.depends("payload")
    def _compute_payload_pretty(self):
        for event in self:
            event.payload_pretty = event.payload and json.dumps(
                json.loads(event.payload), indent=2, ensure_ascii=False
            )

    @guard("replay", INTEGRATION_MANAGER)
    def _check_operator(self):
        return self.env._("Only an Integration Manager may replay or discard events.")

    def action_replay_dialog(self):
        return self.env["construction.reason"]._ask(self, "replay")

    def action_replay(self, reason):
        """Make a new attempt now, on the same row. A processed event is left alone:
        applying it again would change nothing.

        :param reason: why; kept in the audit
        :raises UserError: somebody else replays or applies it at this moment, or too many
            are replayed: a day's events at once would keep new ones waiting
        """
        self._check_operator()
        if not (reason or "").strip():
            raise UserError(self.env._("Say why these events are replayed."))
        if len(self) > MAX_REPLAY:
            raise UserError(
                self.env._(
                    "%(count)s events are too many at a time. Replay at most %(most)s, and the "
                    "next ones when these are applied.",
                    count=len(self),
                    most=MAX_REPLAY,
                )
            )
        events = self.sudo()
        locked = events.try_lock_for_update()
        replayable = locked.filtered(lambda e: e.state in ("parked", "dead") and not e.claim)
        if not replayable:
            raise UserError(
                self.env._(
                    "Nothing to replay: the event is being applied right now, somebody else "
                    "replayed it, or it is finished already."
                )
            )
        replayable._take_replays()
        replayable._requeue()
        self.env["construction.audit"]._record(replayable, "event_replayed", {"reason": reason})
        return True

    def _take_replays(self):
        for platform, events in self.grouped("platform_id").items():
            seconds = self.env["construction.rate"]._take(
                platform.id, REPLAYS, "replay", len(events)
            )
            if seconds:
                raise UserError(
                    self.env._(
                        "Too many events of %(platform)s were replayed lately. Try again in "
                        "%(minutes)s minutes, or replay fewer.",
                        platform=platform.name,
                        minutes=-(-seconds // 60),
                    )
                )

    def action_discard_dialog(self):
        return self.env["construction.reason"]._ask(self, "discard")

    def action_discard(self, reason):
        """Give the event up for good. What waited for it goes on.

        :param reason: why; kept in the audit
        """
        self._check_operator()
        if not (reason or "").strip():
            raise UserError(self.env._("Say why these events are discarded."))
        events = self.sudo().try_lock_for_update()
        events = events.filtered(lambda e: e.state in UNFINISHED and not e.claim)
        if not events:
            raise UserError(self.env._("These events are finished or being applied right now."))
        events.write({"state": "discarded", "processed_at": fields.Datetime.now()})
        events.issue_ids._close("waived", reason)
        self.env["construction.drain"]._unblock_after(events.ids)
        self.env["construction.audit"]._record(events, "event_discarded", {"reason": reason})
        return True

    def _requeue(self):
        """Due now, with a fresh 72 hours."""
        self.write(
            {
                "state": "pending",
                "next_try_at": self.env.cr.now(),  # the clock that says when it is due
                "first_failed_at": False,
                "failures": 0,
                "crashes": 0,
            }
        )
        # a person tries again, so what was waived before holds nothing back any more
        self.issue_ids.filtered(lambda i: i.state == "waived").blocking = False
        for lane in set(self.mapped("lane")):
            self.env["construction.drain"]._wake(lane)

    def _park_for_pause(self, platform_ids):
        self.env.cr.execute(
            "UPDATE construction_event SET state = 'parked'"
            " WHERE platform_id = ANY(%s) AND state = 'pending' AND claim IS NULL",
            (list(platform_ids),),
        )
        self.invalidate_model(["state"])

    def action_open_documents(self):
        self.ensure_one()
        targets = self.binding_ids.filtered("res_id")
        if len(targets) == 1:
            return targets.action_open_record()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Documents"),
            "res_model": "construction.binding",
            "view_mode": "list,form",
            "domain": [("id", "in", self.binding_ids.ids)],
        }
