import time
import uuid

from odoo import SUPERUSER_ID, api, fields, models

from .construction_apply import APPLY_CONTEXT, CONFLICTS
from .construction_change import AS_OF

BATCH = 100
STEP_SECONDS = 30
MOST_TRIES = 3


class ConstructionReplay(models.Model):
    """Applied events that a person had applied once more, under what is in force or under
    an earlier version of it, with what came of it."""

    _name = "construction.replay"
    _description = "Replay"
    _check_company_auto = True
    _order = "id desc"
    _rec_name = "reason"

    reason = fields.Char(required=True, readonly=True)
    user_id = fields.Many2one("res.users", string="By", required=True, readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    change_id = fields.Many2one(
        "construction.change",
        string="As it was after",
        readonly=True,
        help="Empty: under what is in force.",
    )
    state = fields.Selection(
        [("running", "Running"), ("done", "Done")], default="running", required=True, readonly=True
    )
    waiting_ids = fields.Json(readonly=True)
    total = fields.Integer(string="Events", readonly=True)
    done = fields.Integer(readonly=True)
    taken_count = fields.Integer(string="Applied again", readonly=True)
    left_count = fields.Integer(
        string="Left", readonly=True, help="Closed, cancelled, archived, or replaced by newer."
    )
    issue_count = fields.Integer(string="Became issues", readonly=True)
    diff_ids = fields.One2many("construction.change.diff", "replay_id", readonly=True)
    diff_count = fields.Integer(string="Differences", compute="_compute_diff_count")

    @api.depends("diff_ids")
    def _compute_diff_count(self):
        for replay in self:
            replay.diff_count = len(replay.diff_ids)

    @api.model
    def _start(self, events, reason, change):
        """Begin a replay in the background.

        :param change: the change set whose version is to hold; empty for what is in force
        """
        company = events.company_id
        replay = self.sudo().create(
            {
                "reason": reason,
                "user_id": self.env.uid,
                "company_id": company.id if len(company) == 1 else False,
                "change_id": change.id,
                "waiting_ids": sorted(events.ids),
                "total": len(events),
            }
        )
        detail = {"reason": reason, "version": change.name or "in force"}
        self.env["construction.audit"]._record(events, "event_replayed", detail)
        replay._enqueue()
        return replay

    def _enqueue(self):
        self.with_delay(
            channel="root.construction.bulk",
            description=self.env._("Replay: %s", self.reason),
        )._step()

    def _step(self):
        """Replay batches for half a minute and go on in another job. What a batch did and
        how far the replay is commit together."""
        self.ensure_one()
        deadline = time.monotonic() + STEP_SECONDS
        done, waiting = self.done, self.waiting_ids or []
        while done < len(waiting):
            if time.monotonic() > deadline:
                self._enqueue()
                return
            batch = waiting[done : done + BATCH]
            done += len(batch)
            self._in_own_transaction(batch, done)

    def _in_own_transaction(self, batch, done):
        context = dict(APPLY_CONTEXT)
        if self.change_id:
            context["construction_trial"] = AS_OF
        for attempt in range(1, MOST_TRIES + 1):
            try:
                with self.env.registry.cursor() as cr:
                    env = api.Environment(cr, SUPERUSER_ID, context)
                    self.with_env(env)._replay(batch, done)
                return
            except CONFLICTS:
                if attempt == MOST_TRIES:
                    raise

    def _replay(self, event_ids, done):
        token = str(uuid.uuid4())
        found = []
        counts = {"taken_count": self.taken_count, "left_count": self.left_count,
                  "issue_count": self.issue_count}  # fmt: skip
        rows = self._take(token, event_ids)
        platforms = {}
        for row in rows:
            platforms.setdefault(row["platform_id"], []).append(row)
        counts["left_count"] += len(event_ids) - len(rows)
        for platform in self.env["construction.platform"].browse(platforms):
            group = platforms[platform.id]
            found += self._replay_platform(token, platform, group)
            taken = [row for row in group if not row["skipped"] and not row["left"]]
            counts["taken_count"] += len(taken)
            counts["left_count"] += len(group) - len(taken)
            counts["issue_count"] += sum(row["outcome"][0] != "processed" for row in taken)
        self.env["construction.change.diff"].create([d | {"replay_id": self.id} for d in found])
        state = "done" if done >= self.total else "running"
        self.write(counts | {"done": done, "state": state})

    def _take(self, token, event_ids):
        """Claim applied events of active platforms, in this transaction only."""
        self.env.cr.execute(
            """
            UPDATE construction_event e SET state = 'pending', claim = %s, replaying = TRUE
              FROM construction_platform p
             WHERE e.id = ANY(%s) AND e.state = 'processed' AND e.claim IS NULL
               AND e.erased_at IS NULL AND p.id = e.platform_id AND p.state = 'active' AND p.active
         RETURNING e.id
            """,
            (token, event_ids),
        )
        return self.env["construction.reapply"]._rows(row[0] for row in self.env.cr.fetchall())

    def _replay_platform(self, token, platform, rows):
        reapply = self.env["construction.reapply"]
        applier = self.env["construction.apply"]
        before = reapply._readings_of([applier._item(row) for row in rows])
        with self.change_id._as_of():
            items = reapply._go(platform, rows)
            found = reapply._findings(rows, items, before)
        taken = [row for row in rows if not row["skipped"] and not row["left"]]
        self._drop_what_was_told(taken, items)
        actor = platform.service_user_id
        self.env["construction.outcome"]._save(token, taken, items, [], actor)
        self._put_back([row["id"] for row in rows if row["skipped"] or row["left"]])
        return found

    def _drop_what_was_told(self, rows, items):
        """A notice that somebody had before about the same event is not opened again."""
        told = {
            (issue.event_id.id, issue.category, issue.message)
            for issue in self.env["construction.issue"].search(
                [("event_id", "in", [row["id"] for row in rows]), ("blocking", "=", False)]
            )
        }
        for row in rows:
            item = items[row["id"]]
            item.problems[:] = [
                problem
                for problem in item.problems
                if problem.blocking or (row["id"], problem.category, problem.message) not in told
            ]

    def _put_back(self, event_ids):
        self.env.cr.execute(
            "UPDATE construction_event SET state = 'processed', claim = NULL, replaying = FALSE"
            " WHERE id = ANY(%s)",
            (event_ids,),
        )
        self.env["construction.event"].invalidate_model()
