import functools
import json
import logging
import random
from datetime import UTC

import psycopg2
import psycopg2.errors
from odoo import SUPERUSER_ID, api, models
from odoo.exceptions import UserError
from requests.exceptions import ConnectionError as RequestsConnectionError
from requests.exceptions import Timeout

from ..lib import logs, retry
from ..lib.batch import Item, Refused, Retry
from .construction_drain import LOST
from .construction_version_guard import by_version

_logger = logging.getLogger(__name__)

CONFLICTS = (
    psycopg2.errors.SerializationFailure,
    psycopg2.errors.DeadlockDetected,
    psycopg2.errors.LockNotAvailable,
)
PASSING = (Retry, RequestsConnectionError, Timeout)
APPLY_CONTEXT = {
    "tracking_disable": True,
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
    "mail_auto_subscribe_no_notify": True,
    "mail_notrack": True,
}
QUICK_TRIES = 3
# of an event, as every step of its way takes it
ROW_COLUMNS = """
    id, platform_id, company_id, type, subject, sequence, time, payload, data_digest, lane,
    COALESCE(failures, 0) AS failures, first_failed_at, approved_note, apart, replaying, state
"""


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
            items = {}
            for row in rows:
                row["outcome"] = applier._retry_outcome(row, error)
                if row["outcome"][0] == "dead":
                    items[row["id"]] = applier._item(row)
                    applier._tell(items[row["id"]], error)
            env["construction.outcome"]._save(token, rows, items, [], env.user)

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
            self.env["construction.outcome"]._save_states(token, rows)
            return
        replaced = self.env["construction.version.guard"]._decide(platform_id, rows)
        worker = self._as_service_user(platform)
        items = {row["id"]: self._item(row) for row in rows if not row.get("outcome")}
        for wave in self._waves(rows):
            self._run_wave(worker, [(row, items[row["id"]]) for row in wave])
        self.env["construction.outcome"]._save(token, rows, items, replaced, worker.env.user)

    def _lock(self, token, event_ids):
        self.env.cr.execute(
            f"""
            SELECT {ROW_COLUMNS}
              FROM construction_event
             WHERE claim = %s AND id = ANY(%s) AND state = 'pending'
             ORDER BY id FOR UPDATE
            """,
            (token, list(event_ids)),
        )
        return self.env.cr.dictfetchall()

    def _as_service_user(self, platform):
        """Events are applied with the rights of the platform's own user, in its default
        company: what a company keeps of a shared record is written there."""
        companies = platform.company_id | platform.company_ids
        return (
            self.env["construction.handler"]
            .with_user(platform.service_user_id)
            .with_context(allowed_company_ids=companies.ids, **APPLY_CONTEXT)
        )

    @api.model
    def _item_of(self, event):
        """The item of a stored event."""
        names = ("platform_id", "company_id", "type", "subject", "sequence", "time", "payload",
                 "data_digest", "approved_note", "apart")  # fmt: skip
        return self._item(event.read(names, load=None)[0])

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
            apart=bool(row["apart"]),
        )

    # ---------------------------------------------------------------- waves
    def _waves(self, rows):
        """First events of all partitions, then the second ones: inside a wave no two
        events share a subject, so handlers may take them in bulk."""
        partitions = {}
        for row in rows:
            if not row.get("outcome"):
                partitions.setdefault(row["subject"], []).append(row)
        for group in partitions.values():
            group.sort(key=functools.cmp_to_key(by_version))
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
            passed = ("processed", "parked") if row["passes_parked"] else ("processed",)
            unfinished = [p for p in row["predecessors"] if p["outcome"][0] not in passed]
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
        for row, item in pairs:
            in_force = self.env["construction.schema.rule"]._refused(
                row["type"], row["platform_id"]
            )
            if in_force:
                item.park(
                    "schema",
                    self.env._(
                        "%(type)s is not taken from this platform; in force is %(in_force)s.",
                        type=row["type"],
                        in_force=in_force,
                    ),
                    suggestion=self.env._("The platform sends the other, or change the rule."),
                )
                continue
            for category, errors in handler._schema_errors(item.data).items():
                item.park(
                    category,
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
                handler.env["construction.file.link"].sudo()._save(pairs)
        except CONFLICTS:
            raise
        except LOST:
            raise
        except Exception as error:  # every other failure belongs to one event
            for _row, item in pairs:
                item.problems.clear()
                item.bindings.clear()
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
        refusal = self._refusal(error)
        if refusal:
            mend = self.env._("Mend in Odoo what the message says, then replay the event.")
            item.park("internal", refusal, suggestion=mend)
            row["outcome"] = ("parked", None, None)
            return
        _logger.warning("event %s failed: %s", row["id"], logs.trace(error))
        row["outcome"] = self._retry_outcome(row, error)
        self._tell(item, error)

    def _refusal(self, error):
        """What a rule of Odoo says to people, None for a fault that may pass. What a check of
        the database refuses lasts as long as the values do."""
        if isinstance(error, UserError):
            return str(error)
        if isinstance(error, psycopg2.errors.NotNullViolation):
            return self._missing(error.diag.table_name, error.diag.column_name)
        if not isinstance(error, psycopg2.errors.CheckViolation):
            return None
        # not Odoo's own sentence: without a message it quotes the whole row
        name = error.diag.constraint_name
        rule = self.env["ir.model.constraint"].sudo().search([("name", "=", name)], limit=1)
        return rule.message or self.env._("It breaks the rule “%s” of the database.", name)

    def _missing(self, table, column):
        """A sentence about a field that has to be filled in, and that no event fills in."""
        models_of = {self.env[name]._table: name for name in self.env.registry if "." in name}
        model = self.env.get(models_of.get(table))
        field = model is not None and model._fields.get(column)
        if not field:
            return self.env._("The database requires “%s”, which nothing fills in.", column)
        return self.env._(
            "%(model)s requires “%(label)s” (%(field)s), which the event does not fill in.",
            model=self.env["ir.model"]._get(model._name).name,
            label=field._description_string(self.env),
            field=column,
        )

    def _tell(self, item, error):
        category = "platform_error" if isinstance(error, (*PASSING, *LOST)) else "internal"
        item.notice(
            category,
            self.env._(
                "%(kind)s: %(text)s", kind=type(error).__name__, text=logs.said(error)[:500]
            ),
            severity="high",
        )

    def _retry_outcome(self, row, error):
        now = self._clock()
        first = row["first_failed_at"]
        first = first.replace(tzinfo=UTC) if first else now
        delay = retry.next_delay(row["failures"] + 1, first, now, random.Random())
        if delay is None:
            return ("dead", None, None, logs.said(error)[:2000], first)
        due = (now + delay).replace(tzinfo=None)
        return ("pending", due, None, logs.said(error)[:2000], first)

    def _clock(self):
        """The time by the database, whose clock says when an event is due."""
        self.env.cr.execute("SELECT clock_timestamp()")
        return self.env.cr.fetchone()[0].astimezone(UTC)

    def _save_bindings(self, pairs):
        self.env["construction.binding"].sudo()._upsert(
            [(item, values) for _row, item in pairs if not item.blocked for values in item.bindings]
        )
