"""The endpoint: every answer of the contract."""

import json
from unittest.mock import patch

import psycopg2
from odoo.tests import tagged
from odoo.tools import mute_logger
from werkzeug.wrappers import Request

from .http_case import BATCHED, STRUCTURED, InboxCase, standard_webhooks

CONTROLLER = "odoo.addons.construction_sync_base.controllers.common"


@tagged("post_install", "-at_install")
class TestAnswers(InboxCase):
    def test_accepted_then_duplicate(self):
        event = self.ping()
        body = self.assertVerdicts(self.post(event), "accepted")
        self.assertEqual(body["results"][0]["event_id"], event["id"])
        stored = self.stored(event["id"])
        self.assertEqual(stored.correlation_id, body["correlation_id"])
        self.assertEqual(stored.delivery_id.verdict, "accepted")
        self.assertVerdicts(self.post(event), "duplicate", status=200)
        self.assertEqual(len(self.deliveries()), 1, "a duplicate writes nothing")

    def test_a_duplicate_is_one_by_content_not_by_bytes(self):
        event = self.ping()
        self.post(event)
        shuffled = json.dumps(dict(reversed(event.items())), indent=3).encode()
        self.assertVerdicts(self.post(shuffled), "duplicate", status=200)

    def test_the_sender_s_correlation_and_trace_are_kept(self):
        event = self.ping(correlationid="corr-7", traceparent="00-ab-cd-01")
        self.post(event)
        stored = self.stored(event["id"])
        self.assertEqual((stored.correlation_id, stored.traceparent), ("corr-7", "00-ab-cd-01"))

    def test_fault_20_same_id_other_body(self):
        event = self.ping()
        self.post(event)
        other = event | {"data": {"note": "other"}}
        body = self.assertVerdicts(self.post(other), "conflict")
        self.assertEqual(body["results"][0]["event_id"], event["id"])
        kept = self.deliveries().filtered(lambda d: d.verdict == "conflict")
        self.assertIn("other", kept.body_text, "the second stays with its delivery")
        issue = self.env["construction.issue"].search([("delivery_id", "=", kept.id)])
        self.assertEqual((issue.category, issue.state), ("duplicate", "open"))
        self.drain()
        self.assertIn('"data":{}', self.stored(event["id"]).payload, "the first stays")
        self.assertVerdicts(self.post(other), "conflict")
        self.assertEqual(
            len(self.deliveries().filtered(lambda d: d.verdict == "conflict")),
            1,
            "a sender that repeats itself fills nothing up",
        )

    def test_fault_21_same_body_other_id(self):
        data = self.cost_code_data("11-100")
        first, second = (
            self.event("cost_code.upserted", data=data, sequence=1, time="2026-03-02T10:00:00Z")
            for _n in range(2)
        )
        self.assertVerdicts(self.post(first), "accepted")
        self.assertVerdicts(self.post(second), "accepted")
        self.drain()
        states = [self.state(event["id"]) for event in (first, second)]
        self.assertEqual(states, ["processed", "superseded"])

    def test_two_sources_may_use_one_id(self):
        event = self.ping()
        self.assertVerdicts(self.post(event), "accepted")
        self.assertVerdicts(self.post(event | {"source": "//other"}), "accepted")

    def test_a_batch_answers_event_by_event(self):
        old, new, twin = self.ping(), self.ping(), self.ping()
        self.post(old)
        bad = self.ping()
        del bad["subject"]
        batch = [old, new, bad, twin, twin, twin | {"data": {"note": "x"}}, 5]
        response = self.post(batch, BATCHED)
        body = self.assertVerdicts(
            response,
            *("duplicate", "accepted", "malformed", "accepted", "duplicate", "conflict"),
            "malformed",
        )
        ids = [result["event_id"] for result in body["results"]]
        self.assertEqual(ids[:4], [old["id"], new["id"], bad["id"], twin["id"]])
        self.assertIsNone(ids[6])
        issues = self.env["construction.issue"].search([("delivery_id", "!=", False)])
        self.assertEqual(sorted(issues.mapped("category")), ["duplicate", "malformed", "malformed"])

    def test_a_batch_of_duplicates_is_200(self):
        batch = [self.ping() for _n in range(3)]
        self.assertVerdicts(self.post(batch, BATCHED), *["accepted"] * 3)
        self.assertVerdicts(self.post(batch, BATCHED), *["duplicate"] * 3, status=200)

    def test_an_empty_batch(self):
        self.assertVerdicts(self.post([], BATCHED))

    def test_a_thousand_events_and_one_more(self):
        batch = [self.ping() for _n in range(1001)]
        self.assertVerdicts(self.post(batch, BATCHED), "malformed")
        self.assertVerdicts(self.post(batch[:1000], BATCHED), *["accepted"] * 1000)

    def test_malformed_is_stored_with_an_issue_and_answered_2xx(self):
        body = self.assertVerdicts(self.post(b'{"id": "broken-1",'), "malformed")
        self.assertIsNone(body["results"][0]["event_id"])
        delivery = self.deliveries()
        self.assertEqual(
            (delivery.verdict, delivery.body_text), ("malformed", '{"id": "broken-1",')
        )
        issue = self.env["construction.issue"].search([("delivery_id", "=", delivery.id)])
        self.assertEqual((issue.category, issue.severity), ("malformed", "high"))
        self.post(b'{"id": "broken-1",')
        self.assertEqual(len(self.deliveries()), 1, "an endless redelivery is kept once")

    def test_a_missing_subject_is_malformed_with_the_id(self):
        event = self.ping()
        del event["subject"]
        body = self.assertVerdicts(self.post(event), "malformed")
        self.assertEqual(body["results"][0]["event_id"], event["id"])

    def test_fault_33_an_unknown_type_is_accepted(self):
        for name in ("construction.dance.performed.v1", "construction.job.upserted.v5", "other"):
            self.assertVerdicts(self.post(self.ping() | {"type": name}), "accepted")

    def test_fault_34_an_unknown_project_is_accepted(self):
        event = self.event("commitment.approved", data=self.commitment_data())
        self.assertVerdicts(self.post(event), "accepted")
        self.drain()
        self.assertParked(event["id"], "unmapped_reference")

    def test_what_is_wrong_with_the_data_is_no_business_of_the_request(self):
        event = self.event("cost_code.upserted", data={"external_id": "x"})
        self.assertVerdicts(self.post(event), "accepted")
        self.drain()
        self.assertParked(event["id"], "schema")

    def test_a_job_is_made_to_apply_it(self):
        self.env["queue.job"].search([]).write({"state": "done"})
        self.post(self.ping())
        self.post(self.ping())
        jobs = self.env["queue.job"].search([("state", "=", "pending")])
        self.assertEqual(jobs.mapped("channel"), ["root.construction.standard"])

    @mute_logger(CONTROLLER)
    def test_a_database_that_cannot_be_written_is_503(self):
        with patch.object(
            self.env.registry["construction.inbox"],
            "_insert",
            side_effect=psycopg2.OperationalError("disk full"),
        ):
            response = self.post(self.ping())
        self.assertProblem(response, 503, "unavailable")
        self.assertEqual(response.headers["Retry-After"], "30")

    @mute_logger(CONTROLLER)
    def test_a_conflict_in_the_database_is_tried_again(self):
        """Two batches with the same events in another order meet in a deadlock."""
        stock = self.env.registry["construction.inbox"]._insert
        errors = [psycopg2.errors.DeadlockDetected(), psycopg2.errors.SerializationFailure()]

        def store(*args):
            if errors:
                raise errors.pop()
            return stock(*args)

        with patch.object(self.env.registry["construction.inbox"], "_insert", store):
            self.assertVerdicts(self.post(self.ping()), "accepted")

    def test_events_are_not_readable_without_login_elsewhere(self):
        self.assertEqual(self.url_open("/construction_sync/v1/nobody/what").status_code, 404)


@tagged("post_install", "-at_install")
class TestRefusals(InboxCase):
    def test_fault_32_unknown_draft_archived_paused(self):
        body = json.dumps(self.ping()).encode()
        headers = standard_webhooks(self.secret, body) | {"Content-Type": STRUCTURED}
        unknown = self.url_open("/construction_sync/v1/nobody/events", data=body, headers=headers)
        self.assertProblem(unknown, 404, "unknown-platform")
        draft = self.env["construction.platform"].create({"name": "d", "key": "drafty"})
        self.assertProblem(self.post(body, platform=draft), 404, "unknown-platform")
        self.platform.action_pause()
        self.assertVerdicts(self.post(body), "accepted")
        self.assertEqual(
            self.env["construction.event"].search([("platform_id", "=", self.platform.id)]).state,
            "parked",
        )
        self.platform.active = False
        self.assertProblem(self.post(body), 410, "deleted-platform")

    def test_fault_32_a_company_that_was_archived(self):
        company = self.make_company("Closed Ltd")
        platform = self.make_platform("tests-gone", company)
        platform.service_user_id.active = False
        company.active = False
        self.assertProblem(self.post(self.ping(), platform=platform), 410, "deleted-platform")

    def test_fault_26_only_cloudevents_media_types(self):
        for mimetype in (
            "application/json", "text/plain", "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x", "", "application/cloudevents+xml",
        ):  # fmt: skip
            response = self.post(self.ping(), mimetype)
            self.assertProblem(response, 415, "media-type")
        self.assertVerdicts(self.post(self.ping(), f"{STRUCTURED}; charset=utf-8"), "accepted")

    def test_fault_25_no_content_encoding(self):
        for encoding in ("gzip", "br", "deflate", "gzip, identity"):
            response = self.post(self.ping(), **{"Content-Encoding": encoding})
            self.assertProblem(response, 415, "content-encoding")
        self.assertVerdicts(self.post(self.ping(), **{"Content-Encoding": "identity"}), "accepted")

    def test_a_body_shorter_than_its_length_is_no_body(self):
        """Whatever the server in front of us reads: what is judged is what was announced."""
        body = json.dumps(self.ping()).encode()
        for read in (b"", body[:-1], body + b" "):
            with patch.object(Request, "get_data", lambda _self, read=read, **_options: read):
                self.assertProblem(self.post(body), 400, "length-mismatch")

    def test_an_event_is_limited_to_one_mebibyte(self):
        note = "x" * (400 * 1024)
        data = {"a": note, "b": note, "c": note}
        self.assertProblem(self.post(self.ping(data=data)), 413, "too-large")
        self.assertVerdicts(self.post([self.ping(data=data)], BATCHED), "malformed")

    def test_a_batch_is_limited_to_eight_mebibytes(self):
        batch = [self.ping(data={"a": "x" * (500 * 1024)}) for _n in range(17)]
        self.assertProblem(self.post(batch, BATCHED), 413, "too-large")
        self.assertVerdicts(self.post(batch[:15], BATCHED), *["accepted"] * 15)

    def test_a_body_far_beyond_every_limit_is_413_too(self):
        self.assertProblem(self.post(b" " * (12 * 1024 * 1024), BATCHED), 413, "too-large")

    def test_refusals_write_nothing(self):
        self.post(self.ping(), headers={})
        self.post(self.ping(), "text/plain")
        self.post(b"x" * (2 * 1024 * 1024))
        self.assertFalse(self.deliveries())
        self.assertFalse(
            self.env["construction.event"].search([("platform_id", "=", self.platform.id)])
        )

    def test_headers_with_secrets_are_not_kept(self):
        event = self.ping()
        answer = self.post(event, Authorization="Bearer secret-token")
        self.assertVerdicts(answer, "accepted")
        headers = self.stored(event["id"]).delivery_id.headers
        self.assertIn("Webhook-Id", headers)
        for word in ("secret", "Authorization", "Signature"):
            self.assertNotIn(word, headers)


@tagged("post_install", "-at_install")
class TestReading(InboxCase):
    def state_of(self, event_id, key, platform=None, source="//platform.example"):
        url = f"{self.url(platform)}?source={source}&id={event_id}"
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return self.url_open(url, headers=headers)

    def test_state_of_an_event(self):
        key = self.platform.create_api_key("reader", days=1)
        event = self.event("cost_code.upserted", data=self.cost_code_data("12-100"))
        self.post(event)
        body = self.state_of(event["id"], key).json()
        self.assertEqual((body["state"], body["attempts"], body["documents"]), ("pending", 0, []))
        self.drain()
        body = self.state_of(event["id"], key).json()
        code = self.bound("cost_code", "CC-12-100")
        self.assertEqual(body["state"], "processed")
        self.assertEqual(
            body["documents"],
            [{"model": code._name, "display_name": code.display_name, "id": code.id}],
        )
        self.assertTrue(body["correlation_id"])

    def test_issues_are_told(self):
        key = self.platform.create_api_key("reader", days=1)
        event = self.event("cost_code.upserted", data=self.cost_code_data("12-200", uom="ell"))
        self.post(event)
        self.drain()
        (issue,) = self.state_of(event["id"], key).json()["issues"]
        self.assertEqual(issue["category"], "unmapped_reference")
        self.assertIn("ell", issue["message"])

    def test_only_with_a_key_of_that_platform(self):
        other = self.make_platform("tests-other", self.company)
        event = self.ping()
        self.post(event)
        foreign = other.create_api_key("reader", days=1)
        for key in (None, "wrong", "", foreign):
            self.assertProblem(self.state_of(event["id"], key), 401, "unauthorized")
        mine = self.platform.create_api_key("reader", days=1)
        self.assertEqual(self.state_of(event["id"], mine).status_code, 200)
        for unknown in ("nothing", "", "%00", "a%00b"):
            self.assertProblem(self.state_of(unknown, mine), 404, "unknown-event")
        self.assertProblem(self.state_of(event["id"], mine, source="//x"), 404, "unknown-event")

    def test_health_says_nothing_else(self):
        response = self.url_open("/construction_sync/v1/health")
        self.assertEqual((response.status_code, response.json()), (200, {"status": "pass"}))

    def test_schemas_are_the_files_that_validate(self):
        for name in self.env["construction.handler"]._names():
            response = self.url_open(f"/construction_sync/v1/schemas/{name}")
            self.assertEqual(response.status_code, 200, name)
            self.assertEqual(response.json()["$id"], name)
        for name in ("construction.nothing.v1", "..%2F..%2F__manifest__.py", "x", "%00"):
            response = self.url_open(f"/construction_sync/v1/schemas/{name}")
            self.assertEqual(response.status_code, 404, name)
