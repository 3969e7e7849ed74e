from contextlib import contextmanager

from odoo import api, models
from odoo.tools import SQL

from odoo.addons.queue_job.jobrunner.runner import PG_ADVISORY_LOCK_ID

from .construction_event import LANES

TIMEOUT = 3000  # milliseconds; a reading that takes longer is a fault of its own
MOST = 100_000  # rows that one count looks at; more is reported as this many
WINDOW = 10_000  # newest rows that a reading of the last hour looks at
LONGEST_LAG = 60  # seconds from received to applied that count as on time

# Every branch is the predicate of one partial index, and no event is in two of them.
_UNFINISHED = f"""
    SELECT platform_id, state, count(*) FROM (
        (SELECT platform_id, state FROM construction_event WHERE state = 'pending'
            AND claim IS NULL AND blocked_by_id IS NULL AND crashes = 0 LIMIT {MOST})
        UNION ALL
        (SELECT platform_id, state FROM construction_event
          WHERE state = 'pending' AND crashes > 0 LIMIT {MOST})
        UNION ALL
        (SELECT platform_id, state FROM construction_event
          WHERE claim IS NOT NULL AND state = 'pending' AND crashes = 0 LIMIT {MOST})
        UNION ALL
        (SELECT platform_id, state FROM construction_event WHERE blocked_by_id IS NOT NULL
            AND claim IS NULL AND state = 'pending' AND crashes = 0 LIMIT {MOST})
        UNION ALL
        (SELECT platform_id, state FROM construction_event
          WHERE state IN ('parked', 'dead') LIMIT {MOST})
    ) counted GROUP BY platform_id, state
"""
# With a backlog that only waits for its next try the due ones may stand further back than
# the window; the age of the oldest one, due or not, has no such limit.
_OLDEST = f"""
    SELECT lanes.lane, extract(epoch FROM now_utc - oldest.received_at),
           extract(epoch FROM now_utc - due.since)
      FROM unnest(%s) AS lanes (lane)
     CROSS JOIN (SELECT now() AT TIME ZONE 'UTC' AS now_utc) clock
      LEFT JOIN LATERAL (
           SELECT received_at FROM construction_event WHERE lane = lanes.lane
              AND state = 'pending' AND claim IS NULL AND blocked_by_id IS NULL AND crashes = 0
            ORDER BY id LIMIT 1) oldest ON TRUE
      LEFT JOIN LATERAL (
           SELECT min(next_try_at) AS since FROM (
               SELECT next_try_at FROM construction_event WHERE lane = lanes.lane
                  AND state = 'pending' AND claim IS NULL AND blocked_by_id IS NULL
                  AND crashes = 0 ORDER BY id LIMIT {WINDOW}) first
            WHERE next_try_at <= now_utc) due ON TRUE
"""
# What a person discarded says nothing about the speed of the engine.
_FINISHED = f"""
    SELECT platform_id, state, count(*),
           percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY lag)
                   FILTER (WHERE state IN ('processed', 'superseded')),
           count(*) FILTER (WHERE state IN ('processed', 'superseded')),
           count(*) FILTER (WHERE state IN ('processed', 'superseded') AND lag <= {LONGEST_LAG})
      FROM (SELECT platform_id, state, extract(epoch FROM processed_at - received_at) AS lag
              FROM construction_event
             WHERE processed_at > now() AT TIME ZONE 'UTC' - interval '1 hour'
             ORDER BY processed_at DESC LIMIT {WINDOW}) finished
     GROUP BY GROUPING SETS ((platform_id, state), (platform_id))
"""
_ISSUES = f"""
    SELECT platform_id, category, severity, count(*)
      FROM (SELECT platform_id, category, severity FROM construction_issue
             WHERE state IN ('open', 'in_progress') LIMIT {MOST}) open
     GROUP BY platform_id, category, severity
"""
_DELIVERIES = f"""
    SELECT platform_id, verdict, count(*)
      FROM (SELECT platform_id, verdict, received_at FROM construction_delivery
             ORDER BY id DESC LIMIT {WINDOW}) newest
     WHERE received_at > now() AT TIME ZONE 'UTC' - interval '1 hour'
     GROUP BY platform_id, verdict
"""
_LAST = """
    SELECT platform.id, last.received_at,
           extract(epoch FROM now() AT TIME ZONE 'UTC' - last.received_at)
      FROM unnest(%s::int[]) AS platform (id)
     CROSS JOIN LATERAL (SELECT received_at FROM construction_delivery
                          WHERE platform_id = platform.id ORDER BY id DESC LIMIT 1) last
"""
_CLAIMS = f"""
    SELECT count(*), count(*) FILTER (WHERE lease_until < now() AT TIME ZONE 'UTC')
      FROM (SELECT lease_until FROM construction_event
             WHERE claim IS NOT NULL LIMIT {MOST}) held
"""
_JOBS = f"""
    SELECT channel, state, count(*)
      FROM (SELECT channel, state FROM queue_job WHERE channel = ANY(%(channels)s)
               AND state IN ('wait_dependencies', 'pending', 'enqueued', 'started', 'failed')
             LIMIT {MOST}) waiting
     GROUP BY channel, state
"""
_DONE = """
    SELECT count(*) / 10.0 FROM queue_job WHERE channel = ANY(%(channels)s)
       AND date_done > now() AT TIME ZONE 'UTC' - interval '10 minutes'
"""
_CRONS = """
    SELECT data.name, cron.active, coalesce(cron.failure_count, 0),
           extract(epoch FROM now() AT TIME ZONE 'UTC' - cron.lastcall),
           extract(epoch FROM GREATEST(now() AT TIME ZONE 'UTC' - cron.nextcall, '0'))
      FROM ir_model_data data JOIN ir_cron cron ON cron.id = data.res_id
     WHERE data.model = 'ir.cron' AND data.module = 'construction_sync_base'
     ORDER BY data.name
"""
_UNSEALED = f"""
    SELECT count(*) FROM (SELECT FROM construction_audit_unsealed LIMIT {MOST}) waiting
"""
# A bigint key stands in pg_locks as two halves.
_LEADER = """
    SELECT count(*) > 0 FROM pg_locks
     WHERE locktype = 'advisory' AND objsubid = 1 AND granted
       AND classid = %(high)s AND objid = %(low)s
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_TABLES = """
    SELECT relname, n_live_tup, pg_total_relation_size(relid) FROM pg_stat_user_tables
     WHERE schemaname = current_schema AND (starts_with(relname, 'construction_')
        OR relname = 'queue_job') ORDER BY relname
"""


class ConstructionGauges(models.AbstractModel):
    """Readings of the running installation, for `/metrics` and the health screen.

    Each costs the same with ten million events as with ten thousand: it walks a partial
    index, a window of newest rows, or PostgreSQL's own estimates.
    """

    _name = "construction.gauges"
    _description = "Gauges"

    @contextmanager
    def _bounded(self):
        """No statement inside may read a whole table or take longer than `TIMEOUT`.

        :raises psycopg2.errors.QueryCanceled: one did
        """
        cr = self.env.cr
        self.env.flush_all()
        with cr.savepoint(flush=False):
            cr.execute(
                "SELECT set_config('statement_timeout', %s, true),"
                " set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true)",
                (str(TIMEOUT),),
            )
            yield
            cr.execute(
                "SET LOCAL statement_timeout TO DEFAULT; SET LOCAL enable_seqscan TO DEFAULT;"
                " SET LOCAL jit TO DEFAULT"
            )

    @api.model
    def _of_platforms(self, platform_ids):
        """:return: {platform id: dict} with `states` (unfinished, {state: number}),
        `finished` (of the last hour, {state: number}), `lag` (p50 and p95 in seconds of the
        last hour, or None), `on_time` (share of them within a minute, or None), `issues`
        ({(category, severity): number}), `deliveries` (of the last hour, {verdict: number}),
        `repeats` (since the installation, {verdict: number}), `last` (arrival of the newest
        delivery and its age in seconds, or None); issues without a platform stand under None
        """
        found = {platform_id: self._nothing() for platform_id in [*platform_ids, None]}
        for platform_id, state, number in self._rows(_UNFINISHED):
            self._put(found, platform_id, "states", state, number)
        for platform_id, state, number, lag, applied, on_time in self._rows(_FINISHED):
            if state:
                self._put(found, platform_id, "finished", state, number)
            elif applied and platform_id in found:
                found[platform_id].update(lag=lag, on_time=on_time / applied)
        for platform_id, category, severity, number in self._rows(_ISSUES):
            self._put(found, platform_id, "issues", (category, severity), number)
        for platform_id, verdict, number in self._rows(_DELIVERIES):
            self._put(found, platform_id, "deliveries", verdict, number)
        for platform_id, verdict, number in self._rows(
            "SELECT platform_id, verdict, events FROM construction_traffic"
        ):
            self._put(found, platform_id, "repeats", verdict, number)
        for platform_id, received_at, age in self._rows(_LAST, list(platform_ids)):
            found[platform_id]["last"] = received_at, float(age)
        return found

    @staticmethod
    def _nothing():
        return {
            "states": {}, "finished": {}, "lag": None, "on_time": None, "issues": {},
            "deliveries": {}, "repeats": {}, "last": None,
        }  # fmt: skip

    @staticmethod
    def _put(found, platform_id, name, key, number):
        if platform_id in found:  # not of a company that the reader may not see
            found[platform_id][name][key] = number

    @api.model
    def _of_installation(self):
        """:return: dict with `oldest` ({lane: (seconds since received, seconds overdue)}),
        `claims` (held, with an overdue lease), `jobs` ({(channel, state): number}),
        `drains_per_minute` (mean of ten minutes), `crons` ({name: (active, failures, seconds
        since the last run, seconds overdue)}), `leader` (whether a job runner leads), `tables`
        ({name: (rows, bytes)}), `unsealed` (audit rows); what cannot be known is None
        """
        channels = {"channels": self._channels()}
        (claims,) = self._rows(_CLAIMS)
        ((drains,),) = self._rows(_DONE, **channels)
        half = 1 << 32
        low, high = PG_ADVISORY_LOCK_ID % half, PG_ADVISORY_LOCK_ID // half
        ((unsealed,),) = self._rows(_UNSEALED)
        ((leader,),) = self._rows(_LEADER, high=high, low=low)
        return {
            "oldest": {
                lane: (age, due)
                for lane, age, due in self._rows(_OLDEST, [lane for lane, _label in LANES])
            },
            "claims": claims,
            "jobs": {(row[0], row[1]): row[2] for row in self._rows(_JOBS, **channels)},
            "drains_per_minute": drains,
            "crons": {row[0]: row[1:] for row in self._rows(_CRONS)},
            "leader": leader,
            "unsealed": unsealed,
            "tables": {row[0]: row[1:] for row in self._rows(_TABLES)},
        }

    def _channels(self):
        return [f"root.construction.{lane}" for lane, _label in LANES]

    def _rows(self, query, *values, **named):
        self.env.cr.execute(SQL(query, *values, **named))
        return self.env.cr.fetchall()
