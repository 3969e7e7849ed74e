"""Files inside an event, and addresses of files."""

import base64
import hashlib

from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger
from psycopg2.errors import CheckViolation

from .common import SyncCase
from .test_query_count import BATCH

PDF = b"%PDF-1.4 inside an event \x00\xff"


class InlineCase(SyncCase):
    def given(self):
        super().given()
        self.setup_job(budget="10000000.00")

    def inline(self, body=PDF, filename="contract.pdf", **more):
        return {"filename": filename, "mimetype": "application/pdf",
                "content_base64": base64.b64encode(body).decode(), **more}  # fmt: skip

    def address(self, url="https://platform.example/files/1?sig=a%2Fb", **more):
        return {"filename": "plan.pdf", "mimetype": "application/pdf", "url": url, **more}

    def commitment(self, *attachments, external_id="C1", sequence=1, **over):
        data = self.commitment_data(external_id, attachments=list(attachments), **over)
        return self.event("commitment.approved", data=data, sequence=sequence)

    def attachments(self, external_id="C1"):
        order = self.bound("commitment", external_id)
        return self.env["ir.attachment"].search(
            [("res_model", "=", "purchase.order"), ("res_id", "=", order.id)], order="id"
        )

    def files(self):
        return self.env["construction.file"].search([("platform_id", "=", self.platform.id)])


@tagged("post_install", "-at_install")
class TestInlineFiles(InlineCase, TransactionCase):
    def test_attached_at_once(self):
        (event,) = self.process(self.commitment(self.inline()))
        made = self.attachments()
        self.assertEqual(
            (made.name, made.raw, made.mimetype), ("contract.pdf", PDF, "application/pdf")
        )
        self.assertEqual(made.company_id, self.bound("commitment", "C1").company_id)
        file = self.files()
        self.assertEqual(
            (file.sha256, file.size, file.company_id),
            (hashlib.sha256(PDF).hexdigest(), len(PDF), self.company),
        )
        self.assertEqual(event.file_link_ids.filename, "contract.pdf")
        self.assertTrue(event.file_link_ids.linked_at)

    def test_kept_once_however_it_comes(self):
        route = self.env["construction.platform"]._route(self.platform.key)
        sha256 = hashlib.sha256(PDF).hexdigest()
        waits = {"filename": "late.pdf", "mimetype": "application/pdf", "sha256": sha256}
        self.process(self.commitment(waits, external_id="C1"))
        self.assertFalse(self.attachments("C1"))
        self.process(
            self.commitment(self.inline(), self.inline(filename="twice.pdf"), external_id="C2"),
            self.commitment(self.inline(), external_id="C3"),
        )
        self.assertEqual(len(self.files()), 1)
        for external_id in ("C1", "C2", "C3"):
            self.assertEqual(self.attachments(external_id).raw, PDF)
        self.assertEqual(self.attachments("C2").name, "contract.pdf")
        self.assertFalse(self.env["construction.file"]._store(route, sha256, PDF))

    def test_a_newer_version_attaches_nothing_twice_and_nothing_that_was_deleted(self):
        self.process(self.commitment(self.inline()))
        second = self.inline(b"second", "b.txt")
        (newer,) = self.process(self.commitment(self.inline(), second, sequence=2))
        self.assertEqual(self.attachments().mapped("name"), ["contract.pdf", "b.txt"])
        self.assertEqual(len(newer.file_link_ids), 2)
        self.attachments()[0].unlink()
        self.process(self.commitment(self.inline(), second, sequence=3))
        self.assertEqual(self.attachments().name, "b.txt")

    def test_not_base64_waits_as_an_issue_that_says_what_to_do(self):
        bad = self.commitment(self.inline(content_base64="data:application/pdf;base64,AAAA"))
        good = self.commitment(self.inline(), external_id="C2")
        self.apply(bad, good)
        issue = self.assertParked(bad["id"], "schema")
        self.assertIn("attachments.0.content_base64", issue.message)
        self.assertIn("without a “data:” prefix", issue.message)
        self.assertFalse(self.bound("commitment", "C1"))
        self.assertEqual(self.state(good["id"]), "processed")
        self.process(self.commitment(self.inline(), sequence=2))
        self.assertEqual(self.attachments().raw, PDF)

    def test_another_hash_waits_as_an_issue(self):
        right = hashlib.sha256(PDF).hexdigest()
        self.process(self.commitment(self.inline(sha256=right.upper()), external_id="C2"))
        event = self.commitment(self.inline(sha256="0" * 64))
        self.apply(event)
        issue = self.assertParked(event["id"], "schema")
        self.assertIn(right, issue.message)
        self.assertIn("the same file", issue.message)
        self.assertEqual(len(self.files()), 1)

    def test_the_name_is_no_path(self):
        self.process(self.commitment(self.inline(filename="../../etc/in\u202efdp.exe")))
        self.assertEqual(self.attachments().name, "infdp.exe")

    def test_what_a_browser_would_run_is_text(self):
        page = self.inline(b"<html><script>alert(1)</script></html>", "a.html")
        self.process(self.commitment(page | {"mimetype": "text/html"}))
        self.assertEqual(self.attachments().mimetype, "text/plain")

    def test_a_parked_event_keeps_no_file(self):
        event = self.commitment(self.inline(), job="nobody")
        self.apply(event)
        self.assertEqual(self.state(event["id"]), "parked")
        self.assertFalse(self.files())

    def test_a_dry_run_keeps_no_file(self):
        from ..models.construction_change import DRY

        (event,) = self.process(self.commitment())
        change = self.env["construction.change"].with_context(construction_trial=DRY)
        link = change.env["construction.file.link"]
        applier = self.env["construction.apply"]
        item = applier._item_of(event)
        item.data["attachments"] = [self.inline()]
        item.bind(self.bound("commitment", "C1"))
        link._save([({}, item)])
        self.assertFalse(self.files())
        link.with_context(construction_trial=None)._save([({}, item)])
        self.assertTrue(self.files())

    def test_of_the_document_s_company_and_read_by_whom(self):
        (event,) = self.process(self.commitment(self.inline()))
        company = self.make_company("Apart I")
        outside = self.make_user("outside", "integration_manager", company=company)
        for record in (self.files(), event.file_link_ids):
            with self.assertRaises(AccessError):
                record.with_user(outside).read(["sha256"])
            auditor = self.make_user(f"au-{record._name}", "auditor")
            self.assertTrue(record.with_user(auditor).read(["sha256"]))
            reader = self.make_user(f"pu-{record._name}", "project_user")
            with self.assertRaises(AccessError):
                record.with_user(reader).read(["sha256"])
        self.assertTrue(self.attachments().with_user(reader).raw, "the document's own is read")

    def test_few_queries_for_many_files(self):
        def count(name, *attachments):
            events = [
                self.commitment(*attachments, external_id=f"{name}{number}")
                for number in range(BATCH)
            ]
            return self.queries_of(*events)

        count("warm", self.inline(b"warm"))
        plain = count("plain")
        self.assertLessEqual(count("address", self.address()) - plain, BATCH)
        self.assertLessEqual(count("inline", self.inline()) - plain, 6 * BATCH)


@tagged("post_install", "-at_install")
class TestAddresses(InlineCase, TransactionCase):
    def test_an_address_is_a_link_on_the_document(self):
        file = self.address()
        (event,) = self.process(self.commitment(file))
        made = self.attachments()
        self.assertEqual((made.type, made.url, made.name), ("url", file["url"], "plan.pdf"))
        self.assertFalse(made.raw, "nothing was fetched")
        self.assertEqual(event.file_link_ids.url, file["url"])
        self.process(self.commitment(file, sequence=2))
        self.assertEqual(self.attachments(), made)
        self.assertFalse(self.issues(event["event_id"]))
        self.assertFalse(self.files())

    def test_an_unsafe_one_is_left_out_and_said(self):
        for number, url in enumerate(("http://platform.example/1", "https://good@evil.example/")):
            event = self.commitment(self.address(url), external_id=f"U{number}")
            self.process(event)
            self.assertFalse(self.attachments(f"U{number}"))
            issue = self.issues(event["id"])
            self.assertEqual((issue.category, issue.blocking), ("schema", False))
            self.assertIn("plan.pdf", issue.message)

    def test_another_scheme_does_not_fit_the_schema(self):
        event = self.commitment(self.address("javascript:alert(1)"))
        self.apply(event)
        self.assertParked(event["id"], "schema")

    def test_the_database_keeps_nothing_else(self):
        (event,) = self.process(self.commitment(self.address()))
        with self.assertRaises(CheckViolation), mute_logger("odoo.sql_db"):
            event.file_link_ids.sudo().url = "javascript:alert(1)"
            self.env.flush_all()

    def test_content_leads_and_the_hash_of_an_address_waits(self):
        sha256 = hashlib.sha256(PDF).hexdigest()
        self.process(self.commitment(self.inline(url="http://platform.example/1")))
        self.assertEqual(self.attachments().type, "binary")
        (event,) = self.process(
            self.commitment(self.address(sha256=sha256[::-1]), external_id="C2")
        )
        self.assertEqual(self.attachments("C2").type, "url")
        self.assertEqual(len(event.file_link_ids), 2)
