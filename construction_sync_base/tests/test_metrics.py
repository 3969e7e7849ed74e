"""`GET /metrics`: who may read it, what it says, and that it stays cheap."""

import json
import re
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

from odoo import fields
from odoo.tests import TransactionCase, tagged
from odoo.tools import SQL, mute_logger
from prometheus_client.parser import text_string_to_metric_families

from ..models.construction_platform import API_SCOPE, METRICS_SCOPE
from .common import SyncCase
from .http_case import InboxCase

URL = "/construction_sync/v1/metrics"
FINISHED = "events_finished_last_hour"
BIG = ("construction_event", "construction_delivery", "construction_issue", "queue_job")


def read(text):
    """{(metric, frozenset of labels): value}"""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


class MetricsCase(InboxCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls.make_user("metrics-manager", "integration_manager")

    def key_of(self, user, scope=METRICS_SCOPE, days=1):
        expiry = fields.Datetime.now() + timedelta(days=days)
        return self.env["res.users.apikeys"].with_user(user).sudo()._generate(scope, "x", expiry)

    def scrape(self, key):
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return self.url_open(URL, headers=headers)

    def metrics(self):
        answer = self.scrape(self.key_of(self.manager))
        self.assertEqual(answer.status_code, 200, answer.text[:300])
        return read(answer.text)

    def value(self, found, name, **labels):
        return found[(f"construction_sync_{name}", frozenset(labels.items()))]


@tagged("post_install", "-at_install")
class TestMetricsAccess(MetricsCase):
    def test_a_key_of_an_integration_manager_reads(self):
        answer = self.scrape(self.key_of(self.manager))
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(answer.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
        self.assertIn("# TYPE construction_sync_events gauge", answer.text)

    def test_every_other_key_is_refused(self):
        """None, wrong, of another scope, of every scope, expired, of another role, and of
        somebody who left."""
        left = self.make_user("metrics-left", "integration_manager")
        key_of_left = self.key_of(left)
        left.active = False
        keys = {
            "none": None,
            "wrong": "0" * 40,
            "odd": "x",
            "of a platform": self.key_of(self.manager, scope=API_SCOPE),
            "of rpc": self.key_of(self.manager, scope="rpc"),
            "global": self.key_of(self.manager, scope=None),
            "expired": self.key_of(self.manager, days=-1),
            "of finance": self.key_of(self.make_user("metrics-finance", "finance")),
            "of somebody who left": key_of_left,
        }
        for what, key in keys.items():
            with self.subTest(what):
                answer = self.scrape(key)
                self.assertProblem(answer, 401, "unauthorized")
                self.assertEqual(answer.headers["WWW-Authenticate"], "Bearer")

    def test_a_platform_of_another_company_is_not_told(self):
        other = self.make_company("Metrics Elsewhere")
        self.make_platform("metrics-elsewhere", other)
        text = self.scrape(self.key_of(self.manager)).text
        self.assertIn('platform="tests-main"', text)
        self.assertNotIn("metrics-elsewhere", text)

    def test_a_reading_that_takes_too_long_is_given_up(self):
        key = self.key_of(self.manager)
        slow = "SELECT 'x', pg_sleep(2), 0"
        gauges = "odoo.addons.construction_sync_base.models.construction_gauges"
        with (
            patch(f"{gauges}.TIMEOUT", 50),
            patch(f"{gauges}._TABLES", slow),
            mute_logger("odoo.sql_db", "odoo.addons.construction_sync_base.controllers.operations"),
        ):
            answer = self.scrape(key)
        self.assertProblem(answer, 503, "unavailable")
        self.assertEqual(answer.headers["Retry-After"], "60")


@tagged("post_install", "-at_install")
class TestMetricsValues(MetricsCase):
    def test_traffic_and_states(self):
        """Two applied, one of them sent three times, one waits for a code, one unreadable."""
        job = self.event(
            "job.upserted",
            data={"external_id": "M1", "number": "99-M1", "name": "M", "status": "active"},
        )
        ping, alien = self.ping(), self.event("alien.landed", subject="alien/1")
        body = json.dumps([job, ping, alien]).encode()
        batched = "application/cloudevents-batch+json"
        self.assertEqual(self.post(body, batched).status_code, 202)
        for _again in range(2):
            self.post(json.dumps(job).encode())
        self.post(b'{"specversion": "1.0"')
        self.drain()
        found = self.metrics()
        key = {"platform": "tests-main"}
        self.assertEqual(
            self.value(found, "events_finished_last_hour", **key, state="processed"), 2
        )
        self.assertEqual(self.value(found, "events", **key, state="parked"), 1)
        self.assertEqual(self.value(found, "events", **key, state="pending"), 0)
        self.assertEqual(self.value(found, "deliveries_last_hour", **key, verdict="accepted"), 1)
        self.assertEqual(self.value(found, "deliveries_last_hour", **key, verdict="malformed"), 1)
        repeated = "repeated_events_total"
        self.assertEqual(self.value(found, repeated, **key, verdict="duplicate"), 2)
        self.assertEqual(self.value(found, repeated, **key, verdict="malformed"), 1)
        self.assertEqual(self.value(found, repeated, **key, verdict="conflict"), 0)
        schema = {"category": "schema", "severity": "medium"}
        self.assertEqual(self.value(found, "issues_open", **key, **schema), 1)
        self.assertGreaterEqual(self.value(found, "lag_seconds", **key, quantile="0.95"), 0)
        self.assertLess(self.value(found, "last_delivery_age_seconds", **key), 60)
        self.assertEqual(self.value(found, "platform_active", **key), 1)
        self.assertGreater(self.value(found, "table_bytes", table="construction_event"), 0)

    def test_the_runbook_names_the_metrics_that_exist(self):
        runbook = Path(__file__).resolve().parents[2] / "docs/runbooks.md"
        named = set(re.findall(r"construction_sync_[a-z_]+(?=[`{, ])", runbook.read_text()))
        named.discard("construction_sync_base")
        families = self.env["construction.metrics"]._families()
        self.assertEqual(named, {family.name for family in families})

    def test_lag_is_of_the_last_hour(self):
        now = fields.Datetime.now()
        for seconds, ago in ((10, 5), (20, 10), (30, 15), (9000, 90)):
            event = self.apply(self.ping())
            event.write(
                {
                    "processed_at": now - timedelta(minutes=ago),
                    "received_at": now - timedelta(minutes=ago, seconds=seconds),
                }
            )
        found = self.metrics()
        key = {"platform": "tests-main"}
        self.assertEqual(self.value(found, "lag_seconds", **key, quantile="0.5"), 20)
        self.assertEqual(self.value(found, "lag_seconds", **key, quantile="0.95"), 29)
        self.assertEqual(
            self.value(found, "events_finished_last_hour", **key, state="processed"), 3
        )

    def test_what_waits_and_what_a_worker_holds(self):
        now = fields.Datetime.now()
        pings = [self.ping() for _ in range(5)]
        self.send(*pings)
        old, retried, blocked, crashed, held = (self.stored(ping["id"]) for ping in pings)
        old.write(
            {"received_at": now - timedelta(hours=2), "next_try_at": now - timedelta(hours=1)}
        )
        retried.next_try_at = now + timedelta(hours=3)
        blocked.blocked_by_id = old
        crashed.crashes = 1
        held.write({"claim": "x", "claim_key": 1, "lease_until": now - timedelta(minutes=1)})
        found = self.metrics()
        key = {"platform": "tests-main"}
        self.assertEqual(self.value(found, "events", **key, state="pending"), 5)
        self.assertAlmostEqual(
            self.value(found, "oldest_pending_age_seconds", lane="standard"), 7200, delta=60
        )
        self.assertAlmostEqual(
            self.value(found, "oldest_overdue_seconds", lane="standard"), 3600, delta=60
        )
        self.assertEqual(self.value(found, "claims_held"), 1)
        self.assertEqual(self.value(found, "leases_overdue"), 1)

    def test_jobs_and_scheduled_actions(self):
        self.env["queue.job"].search([]).unlink()
        self.env["construction.drain"]._wake("bulk")
        cron = self.env.ref("construction_sync_base.cron_sweep")
        cron.sudo().write({"active": False, "failure_count": 4})
        now = fields.Datetime.now()
        cron.sudo().lastcall = now - timedelta(minutes=7)
        cron.sudo().nextcall = now - timedelta(minutes=6)
        self.env.flush_all()
        found = self.metrics()
        bulk = {"channel": "root.construction.bulk"}
        self.assertEqual(self.value(found, "jobs", **bulk, state="pending"), 1)
        self.assertEqual(self.value(found, "jobs", **bulk, state="failed"), 0)
        self.assertEqual(self.value(found, "cron_active", cron="cron_sweep"), 0)
        self.assertEqual(self.value(found, "cron_failures", cron="cron_sweep"), 4)
        self.assertAlmostEqual(
            self.value(found, "cron_last_run_age_seconds", cron="cron_sweep"), 420, delta=60
        )
        self.assertAlmostEqual(
            self.value(found, "cron_overdue_seconds", cron="cron_sweep"), 360, delta=60
        )

    def test_drains_per_minute(self):
        self.env["queue.job"].search([]).unlink()
        for lane in ("bulk", "standard", "critical"):
            self.env["construction.drain"]._wake(lane)
        jobs = self.env["queue.job"].search([])
        jobs[:2].write({"state": "done", "date_done": fields.Datetime.now()})
        jobs[2:].write({"state": "done", "date_done": "2020-01-01 00:00:00"})
        self.assertEqual(self.value(self.metrics(), "drains_per_minute"), 0.2)


@tagged("post_install", "-at_install")
class TestMetricsCost(SyncCase, TransactionCase):
    """With 200,000 events no reading walks a table, or more rows than its bound."""

    EVENTS = 200_000
    READ_AT_MOST = 15_000  # rows of one scan; the newest 10,000 and what is unfinished

    def fill(self):
        self.env.cr.execute(
            """
            INSERT INTO construction_event (platform_id, company_id, event_id, source, type,
                   subject, payload, digest, lane, state, attempts, crashes, failures,
                   received_at, next_try_at, processed_at)
            SELECT %s, %s, 'fill-' || n, '//fill', 'construction.fill.v1', 'fill/' || n, '{}', '',
                   'standard', CASE WHEN n %% 500 = 0 THEN 'pending' WHEN n %% 501 = 0
                   THEN 'parked' ELSE 'processed' END, 1, 0, 0, at, at,
                   CASE WHEN n %% 500 > 0 AND n %% 501 > 0 THEN at END
              FROM generate_series(1, %s) n,
                   LATERAL (SELECT now() AT TIME ZONE 'UTC' - make_interval(secs => %s - n) AS at) t
            """,
            (self.platform.id, self.company.id, self.EVENTS, self.EVENTS),
        )
        self.env.cr.execute(
            """
            INSERT INTO construction_delivery (platform_id, company_id, received_at, verdict)
            SELECT %s, %s, now() AT TIME ZONE 'UTC' - make_interval(secs => %s - n), 'accepted'
              FROM generate_series(1, %s) n
            """,
            (self.platform.id, self.company.id, self.EVENTS, self.EVENTS),
        )
        self.env.cr.execute("ANALYZE construction_event; ANALYZE construction_delivery")

    def test_no_reading_walks_a_big_table(self):
        self.fill()
        scans, gauges = [], self.env["construction.gauges"]

        def explained(_self, query, *values, **named):
            self.env.cr.execute(SQL(query, *values, **named))
            rows = self.env.cr.fetchall()
            self.env.cr.execute(
                SQL("EXPLAIN (ANALYZE, FORMAT JSON) %s", SQL(query, *values, **named))
            )
            self.collect(self.env.cr.fetchone()[0][0]["Plan"], scans)
            return rows

        with patch.object(type(gauges), "_rows", explained), gauges._bounded():
            found = gauges._of_platforms(self.platform.ids)[self.platform.id]
            gauges._of_installation()
        self.assertEqual(found["states"]["pending"], self.EVENTS // 500)
        read = {table for table, _kind, _rows in scans}
        self.assertLessEqual({"construction_event", "construction_delivery"}, read)
        for table, kind, rows in scans:
            self.assertNotEqual(kind, "Seq Scan", f"{table} is read from end to end")
            self.assertLessEqual(rows, self.READ_AT_MOST, f"{kind} on {table}")

    def collect(self, plan, scans):
        if plan.get("Relation Name") in BIG:
            rows = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)
            scans.append((plan["Relation Name"], plan["Node Type"], rows * plan["Actual Loops"]))
        for child in plan.get("Plans", ()):
            self.collect(child, scans)

    def test_the_settings_end_with_the_readings(self):
        gauges = self.env["construction.gauges"]
        with gauges._bounded():
            self.env.cr.execute("SHOW statement_timeout")
            self.assertEqual(self.env.cr.fetchone()[0], "3s")
        self.env.cr.execute("SHOW statement_timeout")
        self.assertEqual(self.env.cr.fetchone()[0], "0")
        self.env.cr.execute("SHOW enable_seqscan")
        self.assertEqual(self.env.cr.fetchone()[0], "on")
