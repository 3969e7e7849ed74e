import time
from collections import Counter

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import formatLang

from .construction_apply import APPLY_CONTEXT, CONFLICTS
from .construction_change import DRAFT, DRY

BATCH = 200  # events in one transaction: it holds locks until it is rolled back
STEP_SECONDS = 30
MOST_EVENTS = 20_000
MOST_TRIES = 3


class ConstructionChangeTrial(models.Model):
    """The dry run: recorded events go through their handlers under the proposal, in
    transactions that are rolled back, and what would differ is kept as a list."""

    _inherit = "construction.change"

    scope = fields.Selection(
        [("last", "The last events"), ("period", "A period"), ("types", "Event types")],
        string="Try with",
        required=True,
        default="last",
    )
    scope_count = fields.Integer(string="How many", default=1000)
    scope_from = fields.Date(string="From")
    scope_to = fields.Date(string="To")
    scope_types = fields.Char(
        string="Types", help="Whole names, separated by commas: construction.vendor.upserted.v1"
    )
    trial_state = fields.Selection(
        [("running", "Running"), ("done", "Done"), ("stopped", "Stopped")],
        string="Dry run",
        readonly=True,
        copy=False,
    )
    trial_event_ids = fields.Json(readonly=True, copy=False)
    trial_total = fields.Integer(string="Events", readonly=True, copy=False)
    trial_done = fields.Integer(string="Tried", readonly=True, copy=False)
    trial_progress = fields.Float(compute="_compute_trial_progress")
    trial_note = fields.Char(readonly=True, copy=False)
    trial_at = fields.Datetime(string="Tried at", readonly=True, copy=False)
    diff_ids = fields.One2many("construction.change.diff", "change_id", readonly=True)
    diff_count = fields.Integer(string="Differences", compute="_compute_diffs")
    trial_summary = fields.Char(string="In total", compute="_compute_diffs")
    document_count = fields.Integer(string="Documents", compute="_compute_diffs")

    @api.depends("trial_total", "trial_done")
    def _compute_trial_progress(self):
        for change in self:
            total = change.trial_total
            change.trial_progress = 100.0 * change.trial_done / total if total else 0.0

    @api.depends("diff_ids")
    def _compute_diffs(self):
        for change in self:
            diffs = change.diff_ids
            change.diff_count = len(diffs)
            change.document_count = len(set(diffs.mapped("event_id")))
            counts = Counter(diffs.mapped("outcome"))
            totals = [
                formatLang(self.env, sum(of.mapped("amount_difference")), currency_obj=currency)
                for currency, of in diffs.grouped("currency_id").items()
                if currency
            ]
            labels = diffs._fields["outcome"]._description_selection(self.env)
            change.trial_summary = " · ".join(
                [f"{label}: {counts[key]}" for key, label in labels if counts[key]] + totals
            )

    # ---------------------------------------------------------------- scope
    def _scope_domain(self):
        """Domain of the events to try with; the domain of the addon adds to it."""
        if self.scope == "period":
            domain = [("received_at", ">=", self.scope_from)] if self.scope_from else []
            if self.scope_to:
                domain.append(("received_at", "<", fields.Date.add(self.scope_to, days=1)))
            return domain
        if self.scope == "types":
            names = [name.strip() for name in (self.scope_types or "").split(",")]
            return [("type", "in", names)]
        return []

    def _scope_events(self):
        """Ids of the events to try with, oldest first."""
        limit = min(self.scope_count or MOST_EVENTS, MOST_EVENTS)
        events = self.env["construction.event"].search(
            [
                ("type", "in", self.env["construction.reapply"]._types()),
                ("state", "in", ("processed", "parked")),
                ("erased_at", "=", False),  # what is left would not give the same documents
                *self._scope_domain(),
            ],
            order="id desc",
            limit=limit if self.scope == "last" else MOST_EVENTS,
        )
        return sorted(events.ids)

    # ------------------------------------------------------------------ run
    def action_dry_run(self):
        """Start a dry run in the background; the list and the progress are on the form."""
        self._check_manager()
        self.ensure_one()
        if self.state not in DRAFT:
            raise UserError(self.env._("A dry run tries what is not in force yet."))
        if not self.line_ids:
            raise UserError(self.env._("%s proposes nothing yet.", self.name))
        event_ids = self._scope_events()
        if not event_ids:
            raise UserError(self.env._("No recorded event is in that scope: choose another."))
        change = self.sudo()
        change.diff_ids.unlink()
        change.write(
            {
                "trial_state": "running",
                "trial_event_ids": event_ids,
                "trial_total": len(event_ids),
                "trial_done": 0,
                "trial_note": False,
                "trial_at": fields.Datetime.now(),
            }
        )
        change._enqueue_trial()
        return True

    def _enqueue_trial(self):
        self.with_delay(
            channel="root.construction.bulk",
            description=self.env._("Dry run of %s", self.name),
        )._trial_step()

    def _trial_step(self):
        """Try batches for half a minute, save what was found, and go on in another job."""
        self.ensure_one()
        deadline = time.monotonic() + STEP_SECONDS
        waiting, done = self.trial_event_ids or [], self.trial_done
        if self.trial_state != "running":
            return
        while done < len(waiting):
            if time.monotonic() > deadline:
                self._enqueue_trial()
                return
            batch = waiting[done : done + BATCH]
            try:
                found = self._try_batch(batch)
            except UserError as error:
                note = self.env._("The proposal does not fit: %s", error)
                self._save_trial({"trial_state": "stopped", "trial_note": note})
                return
            done += len(batch)
            self._save_trial({"trial_done": done}, found)
        self._save_trial({"trial_state": "done", "trial_event_ids": False})

    def _save_trial(self, values, found=()):
        """Saved at once, in a transaction of its own, so that the form shows it."""
        with self.env.registry.cursor() as cr:
            change = self.with_env(self.env(cr=cr, user=SUPERUSER_ID))
            change.with_context(tracking_disable=True).write(values)
            change.env["construction.change.diff"].create(
                [diff | {"change_id": self.id} for diff in found]
            )

    def _try_batch(self, event_ids):
        """What the events would make of the documents under the proposal.

        Nothing is kept: no document, message, number or job.
        """
        for attempt in range(1, MOST_TRIES + 1):
            with self.env.registry.cursor() as cr:
                env = api.Environment(
                    cr,
                    SUPERUSER_ID,
                    {**APPLY_CONTEXT, "construction_trial": DRY, "lang": self.env.lang},
                )
                try:
                    return self.with_env(env)._try_inside(event_ids)
                except CONFLICTS:
                    if attempt == MOST_TRIES:
                        raise
                finally:
                    cr.rollback()
        return []

    def _try_inside(self, event_ids):
        reapply = self.env["construction.reapply"]
        applier = self.env["construction.apply"]
        rows = reapply._rows(event_ids)
        before = reapply._readings_of([applier._item(row) for row in rows])
        self._apply_lines(self.env.user)
        self.env.flush_all()
        found, platforms = [], {}
        for row in rows:
            platforms.setdefault(row["platform_id"], []).append(row)
        for platform in self.env["construction.platform"].browse(platforms):
            group = platforms[platform.id]
            items = reapply._go(platform, group)
            found += reapply._findings(group, items, before)
        return [self._without_what_is_undone(diff, before) for diff in found]

    def _without_what_is_undone(self, diff, before):
        """A finding leads to the document as it stands, or nowhere: one that the dry run
        made is gone."""
        now = before.get(diff["event_id"])
        return diff | {"res_model": now and now.model, "res_id": now and now.id}
