import functools
import json
import logging
import random
from datetime import UTC, datetime

import psycopg2
import psycopg2.errors
from requests.exceptions import ConnectionError as RequestsConnectionError
from requests.exceptions import Timeout

from odoo import SUPERUSER_ID, api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..lib import ordering, retry
from ..lib.batch import Item, Refused, Retry

_logger = logging.getLogger(__name__)

CONFLICTS = (
    psycopg2.errors.SerializationFailure,
    psycopg2.errors.DeadlockDetected,
    psycopg2.errors.LockNotAvailable,
)
LOST = (psycopg2.OperationalError, psycopg2.InterfaceError)
PASSING = (Retry, RequestsConnectionError, Timeout)
APPLY_CONTEXT = {
    "tracking_disable": True,
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
    "mail_auto_subscribe_no_notify": True,
    "mail_notrack": True,
}
QUICK_TRIES = 3


class ConstructionApply(models.AbstractModel):
    """Applies claimed events: decides by version, calls the handlers, saves the outcome.
    Documents, bindings, issues, audit and state commit together or not at all."""

    _name = "construction.apply"
    _description = "Event Application"

    @api.model
    def _apply_claim(self, token, platform_id, event_ids):
        """Apply one platform's part of a claim in a transaction of its own."""
        for attempt in range(QUICK_TRIES):
            try:
                with self.env.registry.cursor() as cr:
                    env = api.Environment(cr, SUPERUSER_ID, APPLY_CONTEXT)
                    env["construction.apply"]._run(token, platform_id, event_ids)
                return
            except CONFLICTS as error:
                _logger.info("claim %s met a concurrent change, try %s", token, attempt + 1)
                failure = error
            except LOST as error:
                failure = error
                break
        self._postpone_claim(token, event_ids, failure)

    def _postpone_claim(self, token, event_ids, error):
        """The whole transaction was lost: give every event of it back to the schedule."""
        with self.env.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, APPLY_CONTEXT)
            applier = env["construction.apply"]
            rows = applier._lock(token, event_ids)
            for row in rows:
                row["outcome"] = applier._retry_outcome(row, error)
            applier._save_states(token, rows)

    # ------------------------------------------------------------------ run
    def _run(self, token, platform_id, event_ids):
        rows = self._lock(token, event_ids)
        if not rows:
            _logger.warning("claim %s is stale, nothing applied", token)
            return
        platform = self.env["construction.platform"].browse(platform_id)
        if platform.state != "active" or not platform.active:
            for row in rows:
                row["outcome"] = ("parked", None, None)
            self._save_states(token, rows)
            return
        decided = self._decide(platform_id, rows)
        worker = self._as_service_user(platform)
        items = {row["id"]: self._item(row) for row in rows if not row.get("outcome")}
        for wave in self._waves(rows):
            self._run_wave(worker, [(row, items[row["id"]]) for row in wave])
        self._save(token, rows, items, decided)

    def _lock(self, token, event_ids):
        self.env.cr.execute(
            """
            SELECT id, platform_id, company_id, type, subject, sequence, time, payload,
                   data_digest, lane, attempts, crashes, first_failed_at, approved_note
              FROM construction_event
             WHERE claim = %s AND id = ANY(%s) AND state = 'pending'
             ORDER BY id FOR UPDATE
            """,
            (token, list(event_ids)),
        )
        return self.env.cr.dictfetchall()

    def _as_service_user(self, platform):
        """Events are applied with the rights of the platform's own user."""
        return self.env["construction.handler"].with_user(platform.service_user_id).with_context(
            allowed_company_ids=platform.company_ids.ids, **APPLY_CONTEXT
        )

    def _item(self, row):
        data = json.loads(row["payload"])["data"]
        handler = self.env["construction.handler"]._for_type(row["type"])
        return Item(
            id=row["id"],
            platform_id=row["platform_id"],
            company_id=row["company_id"],
            type=row["type"],
            object=row["type"].split(".")[1] if row["type"].count(".") > 1 else row["type"],
            subject=row["subject"],
            sequence=row["sequence"],
            time=row["time"],
            data=data,
            data_digest=row["data_digest"],
            replaces=bool(handler is not None and handler._replaces),
            approved_note=row["approved_note"],
        )

    # --------------------------------------------------------------- decide
    def _decide(self, platform_id, rows):
        """Settle by version what is superseded, blocked or a duplicate.

        :return: ids of older parked or pending snapshots that these rows replace
        """
        subjects = list({row["subject"] for row in rows})
        mine = {row["id"] for row in rows}
        others = self._unfinished(platform_id, subjects, mine)
        applied = self._applied(platform_id, subjects)
        partitions = {}
        for row in rows:
            handler = self.env["construction.handler"]._for_type(row["type"])
            row["handler"] = handler._name if handler is not None else None
            row["replaces"] = handler._replaces if handler is not None else False
            partitions.setdefault(row["subject"], []).append(row)
        replaced = []
        for subject, group in partitions.items():
            group.sort(key=functools.cmp_to_key(_by_version))
            replaced += self._decide_partition(
                group, others.get(subject, []), applied.get(subject)
            )
        return replaced

    def _unfinished(self, platform_id, subjects, mine):
        self.env.cr.execute(
            """
            SELECT id, subject, type, sequence, time, state, data_digest
              FROM construction_event
             WHERE platform_id = %s AND subject = ANY(%s)
               AND state IN ('pending', 'parked', 'dead')
            """,
            (platform_id, subjects),
        )
        others = {}
        for row in self.env.cr.dictfetchall():
            if row["id"] not in mine:
                handler = self.env["construction.handler"]._for_type(row["type"])
                row["replaces"] = handler._replaces if handler is not None else False
                others.setdefault(row["subject"], []).append(row)
        return others

    def _applied(self, platform_id, subjects):
        """The newest version applied per subject."""
        self.env.cr.execute(
            """
            SELECT subject, version AS sequence, version_time AS time,
                   content_digest AS data_digest
              FROM construction_binding
             WHERE platform_id = %s AND subject = ANY(%s)
            """,
            (platform_id, subjects),
        )
        newest = {}
        for row in self.env.cr.dictfetchall():
            row["id"] = 0
            best = newest.get(row["subject"])
            if best is None or _by_version(row, best) > 0:
                newest[row["subject"]] = row
        return newest

    def _decide_partition(self, group, others, applied):
        replaced = []
        for position, row in enumerate(group):
            if row["handler"] is None:
                continue
            if row["replaces"]:
                twins = [
                    other
                    for other in group[:position] + others
                    if other["replaces"]
                    and _same_sequence(other, row)
                    and other["id"] < row["id"]
                ]
                verdict = self._verdict(row, twins[0] if twins else applied)
                if verdict is None:
                    newer = [
                        other
                        for other in group[position + 1 :] + others
                        if other["replaces"]
                        and other.get("state") != "dead"
                        and not other.get("outcome")
                        and not _same_sequence(other, row)
                        and _by_version(other, row) > 0
                    ]
                    verdict = "superseded" if newer else None
                if verdict:
                    row["outcome"] = (verdict, None, None)
                    continue
            earlier = [other for other in others if _by_version(other, row) < 0]
            if row["replaces"]:
                replaced += [other["id"] for other in earlier if other["replaces"]]
                earlier = [other for other in earlier if not other["replaces"]]
            if earlier:
                row["outcome"] = ("blocked", None, earlier[0]["id"])
        return replaced

    def _verdict(self, row, applied):
        """'superseded' or 'duplicate' when a snapshot is not newer than what was applied."""
        if applied is None:
            return None
        verdict = ordering.decide(
            _version(row), row["data_digest"], _version(applied), applied["data_digest"], True
        )
        return None if verdict == ordering.APPLY else verdict

    # ---------------------------------------------------------------- waves
    def _waves(self, rows):
        """First events of all partitions, then the second ones: inside a wave no two
        events share a subject, so handlers may take them in bulk."""
        partitions = {}
        for row in rows:
            if not row.get("outcome"):
                partitions.setdefault(row["subject"], []).append(row)
        for group in partitions.values():
            group.sort(key=functools.cmp_to_key(_by_version))
        depth = 0
        while True:
            wave = [group[depth] for group in partitions.values() if len(group) > depth]
            if not wave:
                return
            for row in wave:
                row["predecessors"] = partitions[row["subject"]][:depth]
            yield wave
            depth += 1

    def _run_wave(self, worker, pairs):
        by_type = {}
        for row, item in pairs:
            unfinished = [p for p in row["predecessors"] if p["outcome"][0] != "processed"]
            if unfinished:
                row["outcome"] = ("blocked", None, unfinished[0]["id"])
            elif row["handler"] is None:
                item.park(
                    "schema",
                    self.env._("No installed addon handles “%s”.", row["type"]),
                    wait=f"type|{row['type']}",
                    suggestion=self.env._("Install the addon, or discard the event."),
                )
                row["outcome"] = ("parked", None, None)
            else:
                by_type.setdefault(row["handler"], []).append((row, item))
        order = sorted(by_type, key=lambda name: self.env[name]._order_in_batch)
        for name in order:
            self._check_schema(name, by_type[name])
            good = [(row, item) for row, item in by_type[name] if not item.blocked]
            self._call(worker.env[name], good)
            for row, item in by_type[name]:
                if item.blocked and not row.get("outcome"):
                    row["outcome"] = ("parked", None, None)

    def _check_schema(self, handler_name, pairs):
        handler = self.env[handler_name]
        for _row, item in pairs:
            errors = handler._schema_errors(item.data)
            if errors:
                item.park(
                    "schema",
                    self.env._("The data does not fit the schema:\n%s", "\n".join(errors)),
                    suggestion=self.env._("The platform has to send a corrected version."),
                )

    def _call(self, handler, pairs):
        """One savepoint per call; a failing batch is halved until the culprit stands alone."""
        if not pairs:
            return
        try:
            with self.env.cr.savepoint():
                handler._apply([item for _row, item in pairs])
                handler.env.flush_all()
                self._save_bindings(pairs)
        except CONFLICTS:
            raise
        except LOST:
            raise
        except Exception as error:  # every other failure belongs to one event
            for _row, item in pairs:
                item.problems.clear()
                item.bindings.clear()
                item.refs.clear()
            if len(pairs) > 1:
                middle = len(pairs) // 2
                self._call(handler, pairs[:middle])
                self._call(handler, pairs[middle:])
            else:
                self._fail(*pairs[0], error)
            return
        for row, item in pairs:
            row["outcome"] = ("parked", None, None) if item.blocked else ("processed", None, None)

    def _fail(self, row, item, error):
        if isinstance(error, Refused):
            item.problems.append(error.problem)
            row["outcome"] = ("parked", None, None)
            return
        if isinstance(error, UserError):
            item.park("internal", str(error))
            row["outcome"] = ("parked", None, None)
            return
        _logger.warning("event %s failed", row["id"], exc_info=error)
        row["outcome"] = self._retry_outcome(row, error)
        category = "platform_error" if isinstance(error, PASSING) else "internal"
        item.notice(
            category,
            self.env._("%(kind)s: %(text)s", kind=type(error).__name__, text=str(error)[:500]),
            severity="high",
        )

    def _retry_outcome(self, row, error):
        now = datetime.now(UTC)
        first = row["first_failed_at"]
        first = first.replace(tzinfo=UTC) if first else now
        delay = retry.next_delay(row["attempts"], first, now, random.Random())
        if delay is None:
            return ("dead", None, None, str(error)[:2000], first)
        due = (now + delay).replace(tzinfo=None)
        return ("pending", due, None, str(error)[:2000], first)

    # ----------------------------------------------------------------- save
    def _save_bindings(self, pairs):
        self.env["construction.binding"].sudo()._upsert(
            [(item, values) for _row, item in pairs if not item.blocked for values in item.bindings]
        )

    def _save(self, token, rows, items, replaced):
        for row in rows:
            if row["outcome"][0] == "duplicate":
                items[row["id"]] = item = self._item(row)
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
        self._save_issues(rows, items)
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
        self.env["construction.audit"]._insert(audit)

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
                    }
                )
        Issue = self.env["construction.issue"]
        if closed:
            stale = Issue.search(
                [("event_id", "in", closed), ("state", "in", ("open", "in_progress"))]
            ).filtered(
                lambda i: (i.category, i.wait_key or False) not in causes.get(i.event_id.id, ())
                and (i.blocking or i.category in ("internal", "platform_error"))
            )
            stale.write(
                {"state": "resolved", "closed_at": datetime.now(UTC).replace(tzinfo=None)}
            )
        Issue._open_issues(vals)

    def _save_states(self, token, rows, items=None):
        """Write the outcome of every row, only where the row still carries our token."""
        values = []
        for row in rows:
            outcome = (*row["outcome"], None, None)[:5]
            state, due, blocked_by, error, first_failed = outcome
            item = (items or {}).get(row["id"])
            values.append(
                SQL(
                    "(%s, %s, %s::timestamp, %s::int, %s, %s::timestamp, %s::int)",
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
            SQL(
                """
                UPDATE construction_event e
                   SET state = v.state, claim = NULL, claim_key = NULL, lease_until = NULL,
                       next_try_at = COALESCE(v.due, e.next_try_at),
                       blocked_by_id = v.blocked_by, last_error = v.error,
                       first_failed_at = v.first_failed, company_id = v.company_id,
                       crashes = CASE WHEN v.state = 'processed' THEN 0 ELSE e.crashes END,
                       processed_at = CASE WHEN v.state IN ('processed', 'superseded')
                                           THEN now() AT TIME ZONE 'UTC' END
                  FROM (VALUES %s) AS v (id, state, due, blocked_by, error, first_failed,
                                         company_id)
                 WHERE e.id = v.id AND e.claim = %s
                """,
                SQL(", ").join(values),
                token,
            )
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


def _version(row):
    return ordering.Version(row["sequence"], row["time"])


def _same_sequence(one, other):
    return bool(one["sequence"]) and one["sequence"] == other["sequence"]


def _by_version(one, other):
    """Version order; arrival decides between equals."""
    return ordering.compare(_version(one), _version(other)) or one["id"] - other["id"]
