import hashlib
import logging
import random
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg2
from odoo import SUPERUSER_ID, api, models

from odoo.addons.queue_job.exception import RetryableJobError

from ..lib import hosts, logs, pages, paths, remote, retry
from ..transactions import own_transaction

_logger = logging.getLogger(__name__)

LOST = (psycopg2.OperationalError, psycopg2.InterfaceError)
CHANNEL = "root.construction.bulk"
LEASE_SECONDS = 120  # a page takes 20 s at the most, and a token before it as long
TURN_PAGES = 10  # then the others have their turn
TURN_SECONDS = 60
MOST_PASSES = 4
MOST_WOKEN = 100  # in a minute
ALERT_AFTER = timedelta(hours=1)  # of no answer
KEPT_HEADERS = ("Content-Type", "Date", "ETag", "Link", "Total")

_DUE = """
    SELECT r.id FROM construction_resource r
     WHERE r.active AND r.state = 'ready' AND r.platform_id = ANY(%s)
       AND r.next_at <= clock_timestamp() AT TIME ZONE 'UTC'
       AND NOT EXISTS (SELECT FROM construction_resource_run run
                        WHERE run.resource_id = r.id AND run.state = 'running'
                          AND run.lease_until > clock_timestamp() AT TIME ZONE 'UTC')
     ORDER BY r.served_at NULLS FIRST, r.id
     LIMIT %s
"""
# Whoever takes the row reads; another one that comes meanwhile finds it locked or leased.
_TAKE = """
    SELECT id FROM construction_resource
     WHERE id = %s AND active AND state = 'ready'
       AND next_at <= clock_timestamp() AT TIME ZONE 'UTC'
       FOR UPDATE SKIP LOCKED
"""
_LEASE = """
    UPDATE construction_resource_run
       SET token = %s,
           lease_until = clock_timestamp() AT TIME ZONE 'UTC' + make_interval(secs => %s)
     WHERE id = %s AND (lease_until IS NULL OR lease_until < clock_timestamp() AT TIME ZONE 'UTC')
    RETURNING id
"""
_HELD = """
    UPDATE construction_resource_run
       SET lease_until = clock_timestamp() AT TIME ZONE 'UTC' + make_interval(secs => %s)
     WHERE id = %s AND token = %s AND state = 'running'
    RETURNING id
"""
_LET_GO = """
    UPDATE construction_resource_run SET token = NULL, lease_until = NULL
     WHERE id = %s AND token = %s AND state = 'running'
    RETURNING id
"""


class NoListError(Exception):
    """The answer has no list where one is to be. The text is for people."""


@dataclass(slots=True)
class Place:
    """Where a worker is in a reading. Kept beside the job's transaction, which sees nothing of
    what was committed since it began.

    :param over: nothing is left to do for this worker
    """

    token: str
    run_id: int
    position: dict | None
    since_text: str | None
    pages: int
    over: bool = False


class ConstructionPoller(models.AbstractModel):
    """Reads the lists of platforms page by page. A job only wakes it: a doubled, late or lost
    job costs latency and nothing else.

    Each page is a transaction of its own: its events, and the place of the next page. The mark
    moves with the last page, so that whatever happens before, the next reading starts from
    where it is known that nothing is missing.
    """

    _name = "construction.poller"
    _description = "Reading of Resources"

    # --------------------------------------------------------------- waking
    @api.model
    def _wake(self, resource_ids, eta=None, doubled=False):
        """Enqueue a turn of each.

        :param doubled: also where a job waits already, perhaps for later
        """
        poller = self.env(user=SUPERUSER_ID)[self._name]
        for resource_id in resource_ids:
            poller.with_delay(
                channel=CHANNEL,
                max_retries=0,
                eta=eta,
                identity_key=None if doubled else f"construction.poller-{resource_id}",
                description=self.env._("Read resource %s", resource_id),
            )._turn(resource_id)

    @api.model
    def _sweep(self):
        """Every minute: wake what is due, those first whose turn is the longest ago."""
        platforms = self.env["construction.platform"].search(
            [("state", "=", "active"), ("call_url", "!=", False), ("call_state", "=", "ready")]
        )
        callable_ids = platforms.filtered(lambda one: one._calls_allowed()).ids
        self.env.flush_all()
        self.env.cr.execute(_DUE, (callable_ids, MOST_WOKEN))
        self._wake([row[0] for row in self.env.cr.fetchall()])

    # ---------------------------------------------------------------- turns
    @api.model
    def _turn(self, resource_id):
        """Read up to `TURN_PAGES` pages of a list, then let the others have their turn.

        :return: the number of pages
        """
        try:
            with logs.private():
                return self._take_turn(resource_id)
        except LOST as error:  # nothing is lost: the lease ends, and somebody goes on
            raise RetryableJobError(logs.trace(error), seconds=5, ignore_retry=True) from None

    def _take_turn(self, resource_id):
        resource = self.env["construction.resource"].browse(resource_id).exists()
        if not resource or not self._may_read(resource.platform_id):
            return 0
        place = self._claim(resource)
        if not place:
            return 0
        number, deadline = 0, time.monotonic() + TURN_SECONDS
        try:
            while not place.over and number < TURN_PAGES and time.monotonic() < deadline:
                self._page(resource, place)
                number += 1
        except LOST:
            raise
        except remote.Later as error:
            self._put_off(resource, place, error.wait, str(error))
        except remote.Refused as error:
            self._refused(resource, place, str(error))
        except (remote.Failed, pages.Endless, paths.Unreadable, NoListError) as error:
            self._failed(resource, place, str(error), getattr(error, "wait", None))
        except Exception as error:  # ours: as long as it lasts, the others are read
            _logger.error("reading resource %s broke off: %s", resource.id, logs.trace(error))
            self._failed(resource, place, logs.trace(error))
        else:
            if not place.over:
                self._put_off(resource, place)
        return number

    def _may_read(self, platform):
        """Whether anybody may call the platform now. Where not, nothing is blamed: what is to
        be done stands on the platform, and the readings go on by themselves."""
        return platform.call_url and platform.call_state == "ready" and platform._calls_allowed()

    def _claim(self, resource):
        """Take the reading that is due, or begin one; committed at once.

        :return: `Place`, None where nothing is due or somebody else reads
        """
        token = uuid.uuid4().hex
        with own_transaction(self.env) as env:
            env.cr.execute(_TAKE, (resource.id,))
            if not env.cr.fetchone():
                return None
            here = resource.with_env(env)
            run = here._running() or here._begin(here._due_kind())
            here.served_at = _now()
            env.flush_all()
            env.cr.execute(_LEASE, (token, LEASE_SECONDS, run.id))
            return Place(token, run.id, *run._place()) if env.cr.fetchone() else None

    # ---------------------------------------------------------------- pages
    def _page(self, resource, place):
        """Read the page at a place and keep it; the place is the next one then, or over."""
        style = resource._style()
        position = place.position or style.first()
        answer, reading = self.env["construction.client"]._call(
            resource.platform_id,
            "GET",
            resource._address(),
            query=resource._fields_of(position, place.since_text),
        )
        records = self._records(resource, reading.value)
        following = pages.advance(
            style, position, answer, reading.value, len(records), place.pages + 1
        )
        total = pages.told_total(answer, reading.value)
        with own_transaction(self.env) as env:
            env.cr.execute(_HELD, (LEASE_SECONDS, place.run_id, place.token))
            place.over = not env.cr.fetchone()
            if place.over:
                return  # stopped, or somebody else goes on
            run = env["construction.resource.run"].browse(place.run_id)
            run._keep_page(records, self._delivery(resource, answer), total)
            if following is None:
                place.over = not run._finish()
            else:
                run.position = following
            place.position, place.since_text, place.pages = run._place()
            env.flush_all()

    def _records(self, resource, value):
        found = paths.find(resource.records_path, value) if resource.records_path else value
        if not isinstance(found, list):
            raise NoListError(self.env._("The answer of %s has no list of records.", resource.name))
        return found

    def _delivery(self, resource, answer):
        headers = {name: answer.headers[name] for name in KEPT_HEADERS if answer.headers.get(name)}
        return {
            "source_address": hosts.place(resource.platform_id.call_url),
            "headers": headers,
            "body": answer.body,
            "sha256": hashlib.sha256(answer.body).hexdigest(),
        }

    # ------------------------------------------------------ what goes wrong
    def _put_off(self, resource, place, wait=0, why=None):
        """Somebody goes on later where this one stopped; nobody is blamed."""
        moment = _now() + timedelta(seconds=wait)
        with own_transaction(self.env) as env:
            if not self._let_go(env, place):
                return
            values = {"next_at": moment}
            if why:
                values |= {"last_error": why, "last_error_at": _now()}
            resource.with_env(env).write(values)
        self._wake(resource.ids, eta=moment if wait else None, doubled=True)

    def _failed(self, resource, place, why, wait=None):
        """No answer that can be read: again after a while, from the same page. Never later than
        by the schedule, since the breaker keeps a platform that is down from being called."""
        now = _now()
        with own_transaction(self.env) as env:
            if not self._let_go(env, place):
                return
            here = resource.with_env(env)
            failures, first = here.failures + 1, here.first_failed_at or now
            every = timedelta(minutes=here.interval_minutes)
            delay = retry.next_delay(failures, first, now, random)
            if delay is None:
                env["construction.resource.run"].browse(place.run_id)._end("failed", why)
            moment = now + max(min(delay or every, every), timedelta(seconds=wait or 0))
            here.write(
                {"failures": failures, "first_failed_at": first, "last_error": why,
                 "last_error_at": now, "next_at": moment}
            )  # fmt: skip
            if now - first >= ALERT_AFTER:
                here._tell_failing(why)
        self._wake(resource.ids, eta=moment, doubled=True)

    def _refused(self, resource, place, why):
        """A person has to look, unless it is the whole platform that nobody may call: that is
        told where it happened, once."""
        with own_transaction(self.env) as env:
            here = resource.with_env(env)
            if not self._let_go(env, place) or not self._may_read(here.platform_id):
                return
            env["construction.resource.run"].browse(place.run_id)._end("failed", why)
            here.write({"state": "refused", "last_error": why, "last_error_at": _now()})
            here._tell_refused(why)

    def _let_go(self, env, place):
        """End the lease; False where somebody else has it, or the reading was stopped."""
        env.cr.execute(_LET_GO, (place.run_id, place.token))
        return bool(env.cr.fetchone())


def _now():
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)
