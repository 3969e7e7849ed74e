import logging
import random
import time
import uuid

import psycopg2
from odoo import SUPERUSER_ID, api, models

from odoo.addons.queue_job.exception import RetryableJobError

from ..lib import logs
from ..transactions import own_transaction

_logger = logging.getLogger(__name__)

LOCK_CLASS = 0x435359  # advisory locks of living drains: (LOCK_CLASS, claim_key)
CLAIM_LOCK = 0x43535943  # serialises the claim statement itself
LOST = (psycopg2.OperationalError, psycopg2.InterfaceError)
LEASE_SECONDS = 90
CLAIM_SIZE = 200  # events; each claim has fixed costs, which many small events share
CLAIM_BYTES = 256 * 1024  # of payload; big documents are claimed few at a time (see the lease)
DRAIN_SECONDS = 20
DRAIN_EVENTS = 2000
MAX_CRASHES = 3
FORGOTTEN_SECONDS = 90  # due for so long and nobody at work: the sweeper drains by itself

# Query of the lanes for which a job waits to run.
WAITING_LANES = """
    SELECT split_part(channel, '.', 3) FROM queue_job
     WHERE state = 'pending' AND model_name = 'construction.drain'
       AND (eta IS NULL OR eta <= now() AT TIME ZONE 'UTC')
"""
# Claims of drains that no longer live. A drain holds an advisory lock while its job
# runs: kill -9 closes the connection and frees it at once. The lease covers what the
# lock cannot see (a process that is stopped but not dead).
# A claim that outlived its lease while the lock is there is given to another worker
# without blaming the event: it waited behind others of its claim.
_DEAD_CLAIMS = """
    WITH living AS MATERIALIZED (
        SELECT objid::bigint::int AS key FROM pg_locks
         WHERE locktype = 'advisory' AND classid = %(lock_class)s AND objsubid = 2 AND granted
           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    )
    SELECT id, claim_key NOT IN (SELECT key FROM living) AS died FROM construction_event
     WHERE claim IS NOT NULL
       AND (lease_until < now() AT TIME ZONE 'UTC'
            OR claim_key NOT IN (SELECT key FROM living))
       FOR UPDATE SKIP LOCKED
"""
# The condition on crashes is filled in as text: only a literal lets the planner use the
# partial indexes that keep a claim cheap with a million events waiting. What others hold is
# read once and hashed: statistics mostly say that nothing is held, and a join believes them
# and walks through all that was held since the last vacuum, for every row.
_DUE = """
    SELECT c.id, octet_length(c.payload) FROM construction_event c
     WHERE c.lane = %(lane)s AND c.id > %(after)s AND c.state = 'pending' AND c.claim IS NULL
       AND c.blocked_by_id IS NULL
       AND c.next_try_at <= now() AT TIME ZONE 'UTC'
       AND c.crashes {crashes}
       AND (c.platform_id, c.subject) NOT IN (
           SELECT o.platform_id, o.subject FROM construction_event o WHERE o.claim IS NOT NULL)
     ORDER BY c.id
     LIMIT %(limit)s
       FOR UPDATE SKIP LOCKED
"""
_FRESH = _DUE.format(crashes="= 0")
_CRASHED = _DUE.format(crashes="> 0")


class FailedDrainError(Exception):
    """A drain broke off outside of any event; the text says where, and quotes nothing."""


class ConstructionDrain(models.AbstractModel):
    """Moves due events out of the inbox. A job only wakes it: a doubled, late or lost
    job costs latency and nothing else."""

    _name = "construction.drain"
    _description = "Inbox Drain"

    def init(self):
        self.env.cr.execute("""
            CREATE INDEX IF NOT EXISTS construction_drain_waiting_job ON queue_job (channel)
             WHERE state = 'pending' AND model_name = 'construction.drain'
        """)

    @api.model
    def _wake(self, lane):
        """Make sure that a job which will drain `lane` waits to run."""
        self.env.cr.execute(f"SELECT %s IN ({WAITING_LANES})", (lane,))
        if not self.env.cr.fetchone()[0]:
            self._enqueue(lane)

    @api.model
    def _enqueue(self, lane):
        self.env(user=SUPERUSER_ID)["construction.drain"].with_delay(
            channel=f"root.construction.{lane}",
            max_retries=0,
            description=self.env._("Apply waiting events (%s)", lane),
        )._drain(lane)

    @api.model
    def _drain(self, lane):
        """Claim and apply until nothing is due, 20 seconds or 2,000 events have passed."""
        try:
            with logs.private():
                handled = self._drain_until(lane, time.monotonic() + DRAIN_SECONDS)
        except LOST as error:  # nothing is lost: what this drain held is released with its lock
            raise RetryableJobError(logs.trace(error), seconds=5, ignore_retry=True) from None
        except Exception as error:  # the job's row keeps the text, and may be read by many
            raise FailedDrainError(logs.trace(error)) from None
        if handled:
            self.env["construction.audit.seal"]._seal()
        return handled

    def _drain_until(self, lane, deadline):
        claim_key = random.randint(1, 2**31 - 1)
        self.env.cr.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", (LOCK_CLASS, claim_key))
        handled = rounds = after = 0
        while time.monotonic() < deadline and handled < DRAIN_EVENTS:
            token = str(uuid.uuid4())
            # every tenth round starts with what a dead worker left, so that a lane which is
            # never empty does not starve it
            claimed = self._claim(lane, token, claim_key, after, crashed_first=rounds % 10 == 9)
            if not claimed and not after:
                return handled
            rounds += 1
            # What is done lies in the index until it is vacuumed, and this job's transaction
            # keeps it from being so: with much to do it is walked over once, not by every claim.
            after = max(claimed)[0] if len(claimed) == CLAIM_SIZE else 0
            by_platform = {}
            for event_id, platform_id in claimed:
                by_platform.setdefault(platform_id, []).append(event_id)
            for platform_id, event_ids in by_platform.items():
                self.env["construction.apply"]._apply_claim(token, platform_id, event_ids)
            handled += len(claimed)
        with self.env.registry.cursor() as cr:  # this job's own view of the queue is old
            self.with_env(self.env(cr=cr))._wake(lane)
        return handled

    @api.model
    def _claim(self, lane, token, claim_key, after=0, crashed_first=False):
        """Take due events of whole partitions, with ids above `after`; committed at once.

        An event that was held by a worker which died is claimed alone, so that the one
        that kills workers is found; after three deaths it is put away.

        :return: list of (event id, platform id)
        """
        with own_transaction(self.env) as env:
            cr = env.cr
            cr.execute("SELECT pg_advisory_xact_lock(%s)", (CLAIM_LOCK,))
            if not after:
                self._release_dead(cr)
            choices = [(_FRESH, CLAIM_SIZE, after), (_CRASHED, 1, 0)]
            for query, limit, start in reversed(choices) if crashed_first else choices:
                cr.execute(query, {"lane": lane, "limit": limit, "after": start})
                ids = _first_bytes(cr.fetchall())
                if ids:
                    break
            else:
                return []
            cr.execute(
                """
                UPDATE construction_event
                   SET claim = %s, claim_key = %s, attempts = attempts + 1,
                       lease_until = now() AT TIME ZONE 'UTC' + make_interval(secs => %s)
                 WHERE id = ANY(%s) RETURNING id, platform_id
                """,
                (token, claim_key, LEASE_SECONDS, ids),
            )
            return sorted(cr.fetchall())

    def _release_dead(self, cr):
        cr.execute("SELECT 1 FROM construction_event WHERE claim IS NOT NULL LIMIT 1")
        if not cr.fetchone():
            return
        cr.execute(_DEAD_CLAIMS, {"lock_class": LOCK_CLASS})
        rows = cr.fetchall()
        if not rows:
            return
        ids, died = [row[0] for row in rows], [row[0] for row in rows if row[1]]
        cr.execute(
            """
            UPDATE construction_event
               SET claim = NULL, claim_key = NULL, lease_until = NULL,
                   crashes = crashes + (id = ANY(%(died)s))::int,
                   state = CASE WHEN crashes + (id = ANY(%(died)s))::int >= %(most)s
                                 AND state = 'pending' THEN 'dead' ELSE state END
             WHERE id = ANY(%(ids)s) RETURNING id, state
            """,
            {"ids": ids, "died": died, "most": MAX_CRASHES},
        )
        poisonous = [event_id for event_id, state in cr.fetchall() if state == "dead"]
        _logger.warning("%s claimed events were released from a dead worker", len(ids))
        if poisonous:
            env = api.Environment(cr, SUPERUSER_ID, {})
            self._quarantine(env["construction.event"].browse(poisonous))

    def _quarantine(self, events):
        """Tell of events that were put away. They stay so even where telling fails: the lane
        goes on, and the health page counts them."""
        env = events.env
        env["construction.audit"]._record(events, "event_quarantined")
        try:
            with env.cr.savepoint():
                env["construction.issue"]._open_issues([self._killed(event) for event in events])
        except LOST:
            raise
        except Exception as error:  # an alert, or another addon's hook
            _logger.warning("issues of events %s were not saved: %s", events.ids, logs.trace(error))

    def _killed(self, event):
        return {
            "event_id": event.id,
            "platform_id": event.platform_id.id,
            "company_id": event.company_id.id,
            "category": "internal",
            "severity": "critical",
            "message": self.env._(
                "Applying this event ended its worker process %s times. It was "
                "put away so that the others can go on.",
                event.crashes,
            ),
            "suggestion": self.env._("Look at its size and content, then replay it."),
        }

    # ------------------------------------------------------------- resuming
    @api.model
    def _resume_events(self, event_ids):
        """Parked events that nothing blocks any more are due again."""
        if not event_ids:
            return
        self._resume("e.id = ANY(%s)", (list(event_ids),))

    @api.model
    def _resume_unblocked(self, platform_ids):
        self._resume("e.platform_id = ANY(%s)", (list(platform_ids),))

    def _resume(self, condition, params):
        self.env.flush_all()
        self.env.cr.execute(
            f"""
            UPDATE construction_event e
               SET state = 'pending', next_try_at = now() AT TIME ZONE 'UTC',
                   first_failed_at = NULL, failures = 0
              FROM construction_platform p
             WHERE e.state = 'parked' AND p.id = e.platform_id AND p.state = 'active' AND p.active
               AND NOT EXISTS (SELECT FROM construction_issue i
                                WHERE i.event_id = e.id AND i.blocking
                                  AND i.state IN ('open', 'in_progress', 'waived'))
               AND {condition}
         RETURNING e.lane
            """,  # the condition is one of the two literals above
            params,
        )
        lanes = {row[0] for row in self.env.cr.fetchall()}
        self.env["construction.event"].invalidate_model(["state", "next_try_at"])
        for lane in sorted(lanes):
            self._wake(lane)

    @api.model
    def _unblock_after(self, event_ids):
        """Events that waited for these ones, which are finished now, are due."""
        self.env.flush_all()
        self.env.cr.execute(
            """
            UPDATE construction_event SET blocked_by_id = NULL,
                   next_try_at = now() AT TIME ZONE 'UTC'
             WHERE blocked_by_id = ANY(%s) RETURNING lane
            """,
            (list(event_ids),),
        )
        lanes = {row[0] for row in self.env.cr.fetchall()}
        self.env["construction.event"].invalidate_model(["blocked_by_id"])
        for lane in sorted(lanes):
            self._wake(lane)

    @api.model
    def _sweep(self):
        """Every minute: wake what is due and mend what a crash left between two steps."""
        self.env["construction.resolver"]._resolve_satisfied()
        self.env["construction.file.link"]._attach()
        self._resume("TRUE", ())
        self.env.cr.execute("""
            SELECT p.id FROM construction_event e
              JOIN construction_event p ON p.id = e.blocked_by_id
             WHERE p.state IN ('processed', 'superseded', 'discarded')
        """)
        self._unblock_after([row[0] for row in self.env.cr.fetchall()])
        self.env.cr.execute("""
            SELECT DISTINCT lane FROM construction_event
             WHERE (state = 'pending' AND claim IS NULL AND blocked_by_id IS NULL
                    AND next_try_at <= now() AT TIME ZONE 'UTC')
                OR (claim IS NOT NULL AND lease_until < now() AT TIME ZONE 'UTC')
        """)
        for (lane,) in self.env.cr.fetchall():
            self._wake(lane)
        self._drain_forgotten()

    def _drain_forgotten(self):
        """Apply what has been due for long although nobody works: the job runner is down, its
        notifications are lost, or who works has been stopped for longer than its lease and
        keeps the lane's place. Slower than the runner, but nothing lies still."""
        self.env.cr.execute(
            """
            SELECT lane FROM (VALUES ('critical'), ('standard'), ('bulk')) AS lanes (lane)
             WHERE NOT EXISTS (SELECT FROM construction_event e
                                WHERE e.claim IS NOT NULL AND e.lane = lanes.lane
                                  AND e.lease_until > now() AT TIME ZONE 'UTC')
               AND EXISTS (SELECT FROM construction_event e
                            WHERE e.lane = lanes.lane AND e.state = 'pending'
                              AND e.claim IS NULL AND e.blocked_by_id IS NULL
                              AND e.next_try_at <= now() AT TIME ZONE 'UTC'
                                                   - make_interval(secs => %s))
            """,
            (FORGOTTEN_SECONDS,),
        )
        for (lane,) in self.env.cr.fetchall():
            _logger.warning("lane %s stood still: is the job runner up?", lane)
            self._drain(lane)


def _first_bytes(sized):
    """Ids from (id, size) until `CLAIM_BYTES` are reached, the first one in any case."""
    ids, total = [], 0
    for event_id, size in sized:
        total += size
        if ids and total > CLAIM_BYTES:
            break
        ids.append(event_id)
    return ids
