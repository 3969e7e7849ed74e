import logging
from dataclasses import asdict
from datetime import UTC, datetime

import psycopg2.errors
from odoo import models

from ..lib import logs
from ..lib.batch import columns
from .construction_drain import LOST
from .construction_issue_circle import NUMBERS, own_keys

_logger = logging.getLogger(__name__)


class ConstructionOutcome(models.AbstractModel):
    """Saves what became of claimed events: states, issues and audit, in the transaction
    that made the documents."""

    _name = "construction.outcome"
    _description = "Event Outcome"

    def _save(self, token, rows, items, replaced, actor):
        """:param actor: the user who applied the events"""
        for row in rows:
            if row["outcome"][0] == "duplicate":
                items[row["id"]] = item = self.env["construction.apply"]._item(row)
                item.park(
                    "duplicate",
                    self.env._(
                        "Version %(version)s of %(subject)s was applied already with other "
                        "content. The first one stays.",
                        version=row["sequence"],
                        subject=row["subject"],
                    ),
                )
                row["outcome"] = ("parked", None, None)
        self._tell(rows, items)
        self._save_states(token, rows, items)
        self._save_replaced(replaced)
        finished = [r["id"] for r in rows if r["outcome"][0] in ("processed", "superseded")]
        self.env["construction.drain"]._unblock_after(finished + replaced)
        audit = []
        for row in rows:
            item = items.get(row["id"])
            bound = (item.bindings if item else None) or [{}]
            first = bound[0]
            audit.append(
                (
                    first.get("company_id") or row["company_id"],
                    first.get("res_model") or "construction.event",
                    first.get("res_id") or row["id"],
                    f"event_{row['outcome'][0]}",
                    row["id"],
                    None,
                )
            )
        self.env["construction.audit"].with_user(actor)._insert(audit)

    def _tell(self, rows, items):
        """Open and close issues. Where that itself fails the event keeps its own error and is
        tried again; the others of the claim are told about one by one."""
        try:
            with self.env.cr.savepoint():
                self._save_issues(rows, items)
                self._tell_circles(rows, items)
        except LOST:
            raise
        except Exception as error:  # an alert, or another addon's hook
            ids = [row["id"] for row in rows]
            _logger.warning("issues of events %s were not saved: %s", ids, logs.trace(error))
            if len(rows) > 1:
                for row in rows:
                    self._tell([row], items)
            elif rows[0]["outcome"][0] == "parked":
                self._postpone(rows[0], items[rows[0]["id"]], error)

    def _postpone(self, row, item, error):
        """What is parked without an issue would wait for nothing: it is tried again, and
        carries its own reasons meanwhile."""
        state, due, blocked_by, text, first = self.env["construction.apply"]._retry_outcome(
            row, error
        )
        reasons = [problem.message for problem in item.problems]
        row["outcome"] = (state, due, blocked_by, "\n".join([*reasons, text])[:2000], first)

    def _save_issues(self, rows, items):
        vals, closed, causes = [], [], {}
        for row in rows:
            item = items.get(row["id"])
            problems = item.problems if item else []
            if row["outcome"][0] in ("processed", "superseded", "parked"):
                closed.append(row["id"])
            for problem in problems:
                causes.setdefault(row["id"], set()).add((problem.category, problem.wait or False))
                vals.append(
                    {
                        "event_id": row["id"],
                        "platform_id": row["platform_id"],
                        "company_id": item.company_id,
                        "category": problem.category,
                        "severity": problem.severity,
                        "message": problem.message,
                        "suggestion": problem.suggestion,
                        "wait_key": problem.wait,
                        "blocking": problem.blocking,
                        "amount": problem.amount,
                        "currency_id": problem.currency_id,
                        "candidates": [asdict(c) for c in problem.candidates] or False,
                        "may_be_new": problem.may_be_new,
                    }
                )
        Issue = self.env["construction.issue"]
        if closed:
            stale = Issue.search(
                [("event_id", "in", closed), ("state", "in", ("open", "in_progress"))]
            ).filtered(
                lambda i: (
                    (i.category, i.wait_key or False) not in causes.get(i.event_id.id, ())
                    and (i.blocking or i.category in ("internal", "platform_error"))
                )
            )
            stale.write({"state": "resolved", "closed_at": datetime.now(UTC).replace(tzinfo=None)})
        Issue._open_issues(vals)

    def _tell_circles(self, rows, items):
        """What waits for another event may be what that one waits for."""
        by_platform = {}
        for row in rows:
            item = items.get(row["id"])
            if row["outcome"][0] == "parked" and item and any(p.wait for p in item.problems):
                keys = own_keys(item.object, item.subject, [item.data.get(n) for n in NUMBERS])
                by_platform.setdefault(row["platform_id"], {})[row["id"]] = (item.subject, keys)
        for platform_id, bringing in by_platform.items():
            self.env["construction.issue"]._tell_circles(platform_id, bringing)

    def _save_states(self, token, rows, items=None):
        """Write the outcome of every row, only where the row still carries our token."""
        if not rows:
            return
        values = []
        for row in rows:
            outcome = (*row["outcome"], None, None)[:5]
            state, due, blocked_by, error, first_failed = outcome
            item = (items or {}).get(row["id"])
            values.append(
                (
                    row["id"],
                    "pending" if state == "blocked" else state,
                    due,
                    blocked_by,
                    error,
                    first_failed.replace(tzinfo=None) if first_failed else None,
                    item.company_id if item else row["company_id"],
                )
            )
        self.env.cr.execute(
            """
            UPDATE construction_event e
               SET state = v.state, claim = NULL, claim_key = NULL, lease_until = NULL,
                   next_try_at = COALESCE(v.due, e.next_try_at),
                   blocked_by_id = v.blocked_by, last_error = v.error,
                   first_failed_at = v.first_failed, company_id = v.company_id,
                   failures = CASE WHEN v.first_failed IS NULL THEN 0
                                   ELSE COALESCE(e.failures, 0) + 1 END,
                   crashes = 0,  -- the worker is alive
                   replaying = e.replaying AND v.state NOT IN ('processed', 'superseded'),
                   processed_at = CASE WHEN v.state IN ('processed', 'superseded')
                                       THEN now() AT TIME ZONE 'UTC' END
              FROM unnest(%s, %s, %s::timestamp[], %s::int[], %s::text[], %s::timestamp[], %s)
                AS v (id, state, due, blocked_by, error, first_failed, company_id)
             WHERE e.id = v.id AND e.claim = %s
            """,
            (*columns(values), token),
        )
        if self.env.cr.rowcount != len(rows):
            raise psycopg2.errors.SerializationFailure("the claim was taken over")
        self.env["construction.event"].invalidate_model()

    def _save_replaced(self, replaced):
        """Older snapshots that waited are superseded and their issues closed."""
        if not replaced:
            return
        self.env.cr.execute(
            """
            UPDATE construction_event SET state = 'superseded', blocked_by_id = NULL,
                   processed_at = now() AT TIME ZONE 'UTC'
             WHERE id = ANY(%s) AND claim IS NULL AND state IN ('pending', 'parked', 'dead')
            """,
            (replaced,),
        )
        self.env["construction.event"].invalidate_model()
        issues = self.env["construction.issue"].search(
            [("event_id", "in", replaced), ("state", "in", ("open", "in_progress"))]
        )
        issues.write(
            {
                "state": "resolved",
                "reason": self.env._("superseded by a newer version"),
                "closed_at": datetime.now(UTC).replace(tzinfo=None),
            }
        )
