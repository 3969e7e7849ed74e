import json
import logging
import random
import time
from datetime import UTC, datetime

import psycopg2
from odoo import SUPERUSER_ID, api, models

from odoo.addons.queue_job.exception import RetryableJobError

from ..lib import breaker, hosts, logs, outbound, remote, retry, ssrf, vault
from ..lib.breaker import Breaker
from ..lib.strict_json import dumps
from ..transactions import own_transaction

_logger = logging.getLogger(__name__)

SENDER_LOCK = 0x4F5554  # advisory locks of living senders: (SENDER_LOCK, subscription id)
LOST = (psycopg2.OperationalError, psycopg2.InterfaceError)
SEND_SECONDS = 20
CLAIM_SIZE = 50
DEADLINE = 15.0  # seconds for a subscriber to answer (Standard Webhooks: 15 to 30)
MAX_ANSWER = 64 * 1024  # of an answer nobody needs to read
REST = 60.0  # seconds, where one that wants a rest does not say how long

# Of what is told about one subject the first goes first; whatever fails holds back only what
# comes after it of its own subject.
_DUE = """
    SELECT o.id, o.type, o.idempotency_key, o.payload, o.company_id, o.failures, o.first_failed_at
      FROM construction_outbox o
     WHERE o.subscription_id = %s AND o.state = 'pending' AND o.id > %s
       AND o.next_try_at <= now() AT TIME ZONE 'UTC'
       AND NOT EXISTS (SELECT FROM construction_outbox e
                        WHERE e.subscription_id = o.subscription_id AND e.subject = o.subject
                          AND e.state = 'pending' AND e.id < o.id)
     ORDER BY o.id LIMIT %s
"""
_LISTENS = """
    SELECT s.id FROM construction_subscription s
      JOIN construction_platform p ON p.id = s.platform_id
     WHERE s.state = 'active' AND s.active AND p.state = 'active' AND p.active
       AND s.retry_at <= extract(epoch FROM clock_timestamp())
"""
_WAITED_FOR = f"""
    SELECT DISTINCT o.subscription_id FROM construction_outbox o
     WHERE o.state = 'pending' AND o.next_try_at <= now() AT TIME ZONE 'UTC'
       AND o.subscription_id IN ({_LISTENS})
"""
_MAY_BE_SENT = f"SELECT %s IN ({_LISTENS})"


class FailedSendError(Exception):
    """Sending broke off outside of any message; the text quotes nothing."""


class ConstructionOutboxSender(models.AbstractModel):
    """Sends what the outbox holds. One sender at a time serves a subscription, so that what is
    told about a subject arrives in order; a job only wakes it, and one that dies leaves rows
    that wait, never a lock."""

    _name = "construction.outbox.sender"
    _description = "Outbox Sender"

    @api.model
    def _wake(self, subscription_ids):
        """Make sure that a job which serves each of these waits to run."""
        for subscription_id in subscription_ids:
            self.env(user=SUPERUSER_ID)[self._name].with_delay(
                channel="root.construction.outbound",
                max_retries=0,
                identity_key=f"construction-outbox-{subscription_id}",
                description=self.env._("Tell subscriber %s", subscription_id),
            )._send(subscription_id)

    @api.model
    def _sweep(self):
        """Every minute: wake who serves what is due."""
        self.env.cr.execute(_WAITED_FOR)
        self._wake([row[0] for row in self.env.cr.fetchall()])

    @api.model
    def _send(self, subscription_id):
        """Send what is due until nothing is, 20 seconds have passed or nobody answers.

        :return: how many were taken
        """
        self.env.cr.execute(
            "SELECT pg_try_advisory_xact_lock(%s, %s)", (SENDER_LOCK, subscription_id)
        )
        if not self.env.cr.fetchone()[0]:
            return 0
        try:
            with logs.private():
                return self._send_until(subscription_id, time.monotonic() + SEND_SECONDS)
        except LOST as error:
            raise RetryableJobError(logs.trace(error), seconds=5, ignore_retry=True) from None
        except Exception as error:  # the job's row keeps the text, and may be read by many
            raise FailedSendError(logs.trace(error)) from None

    def _send_until(self, subscription_id, deadline):
        taken = after = 0
        while time.monotonic() < deadline:
            with own_transaction(self.env) as env:
                line = env[self._name]._line(subscription_id)
                rows = line and env[self._name]._due(subscription_id, after)
            if not rows:
                if not after:
                    return taken
                after = 0  # what comes after these of their subjects may be due now
                continue
            for row in rows:
                kind, rests = self._deliver(line, row)
                taken += kind == outbound.DONE
                if rests or time.monotonic() >= deadline:
                    break
            if rests:
                return taken
            after = rows[-1][0]
        with own_transaction(self.env) as env:
            env[self._name]._wake([subscription_id])
        return taken

    def _due(self, subscription_id, after):
        self.env.cr.execute(_DUE, (subscription_id, after, CLAIM_SIZE))
        return self.env.cr.fetchall()

    def _line(self, subscription_id):
        """What is needed to send to a subscription, or None where nothing may be sent."""
        self.env.cr.execute(_MAY_BE_SENT, (subscription_id,))
        if not self.env.cr.fetchone()[0]:
            return None
        one = self.env["construction.subscription"].browse(subscription_id)
        if not one.platform_id._calls_allowed():
            return None
        try:
            secrets = self.env["construction.secret"]._signing(one)
        except vault.VaultError as error:
            _logger.error("secret of subscription %s: %s", one.id, logs.shown(str(error)))
            secrets = []
        if not secrets:
            one._change_state("paused")
            one.message_post(
                body=self.env._("Its secret cannot be read: make a new one, then activate it.")
            )
            return None
        guard = self.env["construction.client"]._guard(one.platform_id, [hosts.place(one.url)])
        return {"id": one.id, "url": one.url, "secrets": secrets, "guard": guard}

    # ---------------------------------------------------------------- one message
    def _deliver(self, line, row):
        """Send one message and keep what became of it.

        :return: (kind of the verdict, whether nothing more is sent for now)
        """
        row_id, _type, key, payload, *_rest = row
        with own_transaction(self.env) as env:
            env.cr.execute(
                "UPDATE construction_outbox SET attempts = attempts + 1"
                " WHERE id = %s AND state = 'pending' RETURNING id",
                (row_id,),
            )
            if not env.cr.fetchone():
                return None, False  # somebody discarded it
        body = dumps(json.loads(payload) | {"sequence": str(row_id)}).encode()
        started, answer, text = time.monotonic(), None, ""
        try:
            told = outbound.headers(line["secrets"], key, time.time(), body)
            answer = line["guard"].call(
                "POST", line["url"], told, body, deadline=DEADLINE, max_bytes=MAX_ANSWER
            )
        except (ssrf.Unsafe, ssrf.NoAnswer, ssrf.TooSlow) as error:
            text = str(error)
        except ssrf.TooLarge:
            text = self.env._("It answered with more than %s KiB.", MAX_ANSWER // 1024)
        verdict = _verdict(answer)
        if answer is not None:
            text = _said(answer)
        with own_transaction(self.env) as env:
            seconds = time.monotonic() - started
            return env[self._name]._keep(line, row, verdict, answer, text, seconds)

    def _keep(self, line, row, verdict, answer, text, seconds):
        row_id, _type, _key, _payload, company_id, failures, first_failed_at = row
        kind = verdict.kind
        self.env.cr.execute(
            """
            INSERT INTO construction_outbox_try
                        (outbox_id, company_id, at, seconds, verdict, status, text)
                 VALUES (%s, %s, now() AT TIME ZONE 'UTC', %s, %s, %s, %s)
            """,
            (row_id, company_id, seconds, "none" if answer is None else kind,
             answer.status if answer is not None else 0, text),
        )  # fmt: skip
        if kind == outbound.DONE:
            self._keep_taken(row_id)
        elif kind == outbound.AGAIN:
            self._keep_failed(row_id, failures, first_failed_at, text)
        return kind, self._keep_line(line, verdict, text)

    def _keep_taken(self, row_id):
        self.env.cr.execute(
            """
            UPDATE construction_outbox SET state = 'sent', sent_at = now() AT TIME ZONE 'UTC',
                   failures = 0, last_error = NULL
             WHERE id = %s AND state = 'pending'
            """,
            (row_id,),
        )

    def _keep_failed(self, row_id, failures, first_failed_at, text):
        """Try it again later, or put it away after 72 hours and tell a person."""
        now = datetime.now(UTC).replace(tzinfo=None)
        first = first_failed_at or now
        delay = retry.next_delay(failures + 1, first, now, random)
        self.env.cr.execute(
            """
            UPDATE construction_outbox
               SET state = %s, failures = failures + 1, first_failed_at = %s, last_error = %s,
                   next_try_at = %s
             WHERE id = %s AND state = 'pending' RETURNING id
            """,
            ("dead" if delay is None else "pending", first, text, now + delay if delay else now,
             row_id),
        )  # fmt: skip
        if delay is None and self.env.cr.fetchone():
            row = self.env["construction.outbox"].browse(row_id)
            row._open_issue(text)
            self.env["construction.audit"]._record(row, "given_up")

    def _keep_line(self, line, verdict, text):
        """How the subscriber itself stands; whether nothing more is sent for now."""
        one = self.env["construction.subscription"].browse(line["id"])
        self.env.cr.execute(
            "SELECT failures, opened, retry_at, false,"
            " extract(epoch FROM clock_timestamp())::float8"
            " FROM construction_subscription WHERE id = %s FOR UPDATE",
            (one.id,),
        )
        *known, now = self.env.cr.fetchone()
        before = after = Breaker(*known)
        if verdict.kind == outbound.GONE:
            one._change_state("gone")
            one.message_post(body=self.env._("The subscriber wants nothing more (410)."))
            return True
        if verdict.faulty:
            after = _failed(before, now)
        elif verdict.kind != outbound.LATER:
            after = before.succeeded()
        if verdict.kind == outbound.LATER:
            wait = now + (verdict.wait or REST)
            after = Breaker(after.failures, max(after.opened, 1), max(after.retry_at, wait))
        self.env.cr.execute(
            """
            UPDATE construction_subscription
               SET failures = %s, opened = %s, retry_at = %s, last_error = %s,
                   last_success_at = CASE WHEN %s THEN now() AT TIME ZONE 'UTC'
                                          ELSE last_success_at END
             WHERE id = %s
            """,
            (after.failures, after.opened, after.retry_at,
             None if verdict.kind == outbound.DONE else text,
             verdict.kind == outbound.DONE, one.id),
        )  # fmt: skip
        return after.state(now) == breaker.OPEN


def _verdict(answer):
    if answer is None:
        return outbound.Verdict(outbound.AGAIN, faulty=True)
    return outbound.judge(answer, time.time())


def _said(answer):
    """Status and first words of an answer, on one line, without tokens."""
    words = logs.shown(answer.body[:400].decode("utf-8", "replace"), 200) if answer.body else ""
    return f"{answer.status} {logs.mask(words)}".strip()[: remote.MOST]


def _failed(before, now):
    """As `Breaker.failed`, of a sender that is alone: what it sent after a rest was the probe."""
    probing = bool(before.opened) and now >= before.retry_at
    return Breaker(before.failures, before.opened, before.retry_at, probing).failed(now)
