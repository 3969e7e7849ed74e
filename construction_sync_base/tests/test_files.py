"""Files that events name by their SHA-256, uploaded before or after."""

import hashlib

from odoo.tests import tagged

from .http_case import InboxCase, standard_webhooks

PDF = b"%PDF-1.4 a contract \x00\xff"


class FileCase(InboxCase):
    def put(self, body=PDF, sha256=None, headers=None, mimetype="application/pdf", platform=None):
        sha256 = sha256 or hashlib.sha256(body).hexdigest()
        if headers is None:
            headers = standard_webhooks(self.secret, body)
        url = self.base_url() + self.url(platform, f"files/{sha256}")
        headers = {"Content-Type": mimetype, **headers}
        return self.opener.put(url, data=body, headers=headers, timeout=30)

    def files(self):
        return self.env["construction.file"].search([("platform_id", "=", self.platform.id)])


@tagged("post_install", "-at_install")
class TestFileDoor(FileCase):
    def test_stored_once(self):
        answer = self.put()
        sha256 = hashlib.sha256(PDF).hexdigest()
        self.assertEqual(answer.status_code, 201, answer.text)
        self.assertEqual(answer.json(), {"sha256": sha256, "size": len(PDF)})
        for _again in range(2):
            self.assertEqual(self.put().status_code, 200)
        file = self.files()
        self.assertEqual(
            (file.sha256, file.size, file.company_id), (sha256, len(PDF), self.company)
        )
        content = self.env["ir.attachment"].search(
            [("res_model", "=", "construction.file"), ("res_field", "=", "content"),
             ("res_id", "=", file.id)]
        )  # fmt: skip
        self.assertEqual(content.raw, PDF)
        event = self.env["construction.event"].search([("subject", "=", f"file/{sha256}")])
        self.assertEqual(len(event), 1)
        self.drain()
        self.assertEqual(event.state, "processed")

    def test_the_hash_has_to_be_the_body_s(self):
        for wrong in ("0" * 64, hashlib.sha256(PDF).hexdigest().upper(), "abc", "%00" * 4):
            self.assertProblem(self.put(sha256=wrong), 400, "hash-mismatch")
        self.assertFalse(self.files())

    def test_same_authentication_on_the_raw_bytes(self):
        self.assertProblem(self.put(headers={}), 401, "unauthorized")
        other = standard_webhooks(self.secret, PDF + b" ")
        self.assertProblem(self.put(headers=other), 401, "unauthorized")
        self.assertProblem(self.put(sha256="0" * 64, headers={}), 401, "unauthorized")
        self.assertFalse(self.files())

    def test_refusals(self):
        for mimetype in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
            self.assertProblem(self.put(mimetype=mimetype), 415, "media-type")
        self.platform.write({"rate_per_minute": 1, "rate_burst": 1})
        self.assertEqual(self.put().status_code, 201)
        self.assertProblem(self.put(), 429, "rate-limited")
        self.platform.active = False
        self.assertProblem(self.put(), 410, "deleted-platform")

    def test_twenty_five_mebibytes_and_no_more(self):
        body = bytes(25 * 1024 * 1024)
        self.assertProblem(self.put(body + b"x"), 413, "too-large")
        self.assertEqual(self.put(body).status_code, 201)

    def test_each_platform_keeps_its_own(self):
        other = self.make_platform("tests-files2", self.company)
        secret = other.rotate_secret()
        self.assertEqual(self.put().status_code, 201)
        headers = standard_webhooks(secret, PDF)
        self.assertEqual(self.put(headers=headers, platform=other).status_code, 201)


@tagged("post_install", "-at_install")
class TestFileOfDocument(FileCase):
    def given(self):
        super().given()
        self.setup_job()

    def commitment(self, external_id="C1", sequence=1, files=((PDF, "contract.pdf"),), **over):
        attachments = [
            {"filename": name, "mimetype": "application/pdf",
             "sha256": hashlib.sha256(body).hexdigest().upper()}
            for body, name in files
        ]  # fmt: skip
        data = self.commitment_data(external_id, attachments=attachments, **over)
        return self.event("commitment.approved", data=data, sequence=sequence)

    def attachments(self, external_id="C1", platform=None):
        order = self.bound("commitment", external_id, platform)
        return self.env["ir.attachment"].search(
            [("res_model", "=", "purchase.order"), ("res_id", "=", order.id)]
        )

    def test_file_first(self):
        self.put()
        self.drain()
        self.process(self.commitment())
        made = self.attachments()
        self.assertEqual(
            (made.name, made.raw, made.mimetype), ("contract.pdf", PDF, "application/pdf")
        )
        self.assertEqual(made.company_id, self.bound("commitment", "C1").company_id)

    def test_event_first(self):
        self.process(self.commitment())
        self.assertFalse(self.attachments())
        waiting = self.env["construction.file.link"].search([("linked_at", "=", False)])
        self.assertEqual(waiting.filename, "contract.pdf")
        self.put()
        self.drain()
        self.assertEqual(self.attachments().raw, PDF)
        self.assertTrue(waiting.linked_at)

    def test_both_at_the_same_moment_is_mended_by_the_sweeper(self):
        """Neither transaction sees the other's row."""
        self.process(self.commitment())
        self.put()
        event = self.env["construction.event"].search([("subject", "=like", "file/%")])
        event.state = "processed"
        self.drain()
        self.assertFalse(self.attachments())
        self.env["construction.drain"]._sweep()
        self.assertEqual(self.attachments().raw, PDF)

    def test_a_newer_version_attaches_nothing_twice(self):
        self.put()
        self.process(self.commitment(sequence=1))
        lines = [self.commitment_line(amount="1200.00")]
        second = (b"%PDF second", "drawing.pdf")
        files = ((PDF, "renamed.pdf"), second)
        self.process(self.commitment(sequence=2, files=files, lines=lines))
        self.put(second[0])
        self.drain()
        self.assertEqual(sorted(self.attachments().mapped("name")), ["contract.pdf", "drawing.pdf"])

    def test_one_file_on_two_documents(self):
        self.process(self.commitment("C1"), self.commitment("C2"))
        self.put()
        self.drain()
        self.assertEqual(self.attachments("C1").raw, self.attachments("C2").raw)
        self.assertTrue(self.attachments("C2"))

    def test_a_deleted_attachment_does_not_come_back(self):
        self.put()
        self.process(self.commitment())
        self.attachments().unlink()
        self.env["construction.drain"]._sweep()
        self.put()
        self.drain()
        self.assertFalse(self.attachments())

    def test_a_parked_event_attaches_nothing(self):
        self.put()
        parked = self.commitment(job="nobody")
        self.apply(parked)
        self.assertEqual(self.state(parked["id"]), "parked")
        self.assertFalse(self.env["construction.file.link"].search([]))

    def test_what_a_browser_would_run_is_text(self):
        page = b"<html><script>alert(1)</script></html>"
        event = self.commitment(files=((page, "a.html"),))
        event["data"]["attachments"][0]["mimetype"] = "text/html"
        self.process(event)
        self.put(page)
        self.drain()
        self.assertEqual(self.attachments().mimetype, "text/plain")
        # also from the sweeper, whose user may keep what a browser runs
        link = self.env["construction.file.link"].search([], order="id desc", limit=1)
        (content,) = link._contents(self.env["construction.file"].search([]).ids).values()
        for mimetype in ("text/html", "image/svg+xml", "application/xhtml+xml", "text/xml"):
            link.mimetype = mimetype
            link._attach_content(content)
            self.assertEqual(self.attachments().sorted("id")[-1].mimetype, "text/plain", mimetype)

    def test_the_file_of_another_platform_is_not_taken(self):
        other = self.make_platform("tests-files3", self.company)
        secret = other.rotate_secret()
        self.put(headers=standard_webhooks(secret, PDF), platform=other)
        self.process(self.commitment())
        self.drain()
        self.assertFalse(self.attachments())
