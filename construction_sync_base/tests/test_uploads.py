"""Files whose rows become events: checked, sent the way of a post, and never twice."""

import base64
import io
import json
from datetime import timedelta

import psycopg2
from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, TransactionCase, freeze_time, tagged
from odoo.tools import mute_logger
from openpyxl import load_workbook

from ..lib import spreadsheet
from .uploads import CODES, COMMITMENTS, HEAD, ORDER, UploadCase


@tagged("post_install", "-at_install")
class TestUploads(UploadCase, TransactionCase):
    def given(self):
        super().given()
        self.setup_job()

    # -------------------------------------------------------------------- check
    def test_a_faulty_row_is_told_and_nothing_is_sent(self):
        before = self.env["construction.event"].search_count([])
        upload = self.upload(["CC-1", "11-100", "Fences"], ["CC-2", "", "Gates"])
        self.assertEqual(upload.state, "draft")
        self.assertEqual(self.results(upload), [(2, "new"), (3, "faulty")])
        self.assertEqual(upload.faulty_row_ids.row, 3)
        self.assertIn("“code”: Fill it in: The code as people", upload.faulty_row_ids.problem)
        with self.assertRaisesRegex(UserError, "Check the file first"):
            upload.action_send()
        self.assertEqual(self.env["construction.event"].search_count([]), before)
        # the corrected file takes the place of the first one
        table = [HEAD, ["CC-1", "11-100", "Fences"], ["CC-2", "11-200", "Gates"]]
        upload.content = base64.b64encode(spreadsheet.write_text(table))
        self.assertFalse(upload.row_ids, "rows of a file that is not there any more")
        upload.action_check()
        self.assertEqual((upload.state, upload.event_count), ("checked", 2))

    def test_bytes_that_no_database_keeps_are_told_as_well(self):
        upload = self.upload(content=b"external_id,code,name\nCC-1,11-1\x0000,Fences")
        self.assertIn("cannot be sent", upload.faulty_row_ids.problem)

    def test_one_faulty_line_holds_its_whole_document(self):
        rows = [self.order(), self.order(line="2", amount="1e3"), self.order("C2")]
        upload = self.upload(*rows, event_type=COMMITMENTS, head=ORDER)
        self.assertEqual(self.results(upload), [(2, "faulty"), (3, "faulty"), (4, "new")])
        self.assertIn("same document", upload.row_ids[0].problem)
        self.assertIn("lines.amount", upload.row_ids[1].problem)

    def test_what_is_no_table_of_the_type_is_refused_in_words(self):
        for content, said in (
            (b"", "Choose a file"),
            (b"number,job\n1,2", "There is no column “number”"),
            (b"external_id,code\n1,2", "missing: name"),
            (b"PK\x03\x04 broken", "no XLSX workbook"),
        ):
            with self.assertRaisesRegex(UserError, said), self.cr.savepoint():
                self.upload(content=content)

    def test_numbers_dates_and_formulas_of_a_workbook(self):
        row = self.order()
        row[ORDER.index("lines.amount")] = 0.1 + 0.2
        row[ORDER.index("date")] = fields.Date.to_date("2026-03-02")
        book = self.workbook(ORDER, row)
        upload = self.upload(content=book, event_type=COMMITMENTS, filename="orders.xlsx")
        self.assertEqual(upload.state, "checked", upload.row_ids.mapped("problem"))
        upload.action_send()
        data = json.loads(upload.row_ids.event_id.sudo().payload)["data"]
        self.assertEqual((data["lines"][0]["amount"], data["date"]), ("0.3", "2026-03-02"))
        self.assertIn("Pat Manager", upload.sudo().delivery_id.body_text, "people can read it")
        row[ORDER.index("lines.amount")] = "=1+1"
        upload = self.upload(content=self.workbook(ORDER, row), event_type=COMMITMENTS)
        self.assertIn("formula", upload.faulty_row_ids.problem)

    def test_a_try_says_what_would_become_and_keeps_nothing(self):
        self.sent(self.order(), event_type=COMMITMENTS, head=ORDER)
        self.drain()
        number = self.bound("commitment", "C1").display_name
        rows = [self.order(amount="900.00"), self.order("C2"), self.order("C3", job="J9")]
        upload = self.upload(*rows, event_type=COMMITMENTS, head=ORDER)
        counted = ("construction.event", "construction.delivery", "construction.issue",
                   "construction.binding", "purchase.order", "purchase.order.line", "queue.job",
                   "mail.message")  # fmt: skip
        before = {name: self.env[name].search_count([]) for name in counted}
        with self.shared_cursors():
            upload.action_try()
        self.env.invalidate_all()
        changed, new, waits = upload.row_ids.mapped("outlook")
        self.assertIn(f"Changes {number}", changed)
        self.assertIn("Makes", new)
        self.assertIn("PO-C2", new)
        self.assertIn("waits", waits)
        self.assertIn("J9", waits)
        self.assertEqual({name: self.env[name].search_count([]) for name in counted}, before)
        self.assertEqual(self.bound("commitment", "C1").amount_untaxed, 1000)
        upload.action_send()
        self.assertEqual(set(upload.row_ids.mapped("result")), {"accepted"})
        self.assertFalse(any(upload.row_ids.mapped("outlook")))
        with self.assertRaisesRegex(UserError, "Check the file first"):
            upload.action_try()

    # --------------------------------------------------------------------- send
    def test_rows_become_documents_and_lead_to_them(self):
        rows = [self.order(), self.order(line="2", amount="250.50"), self.order("C2", job="J9")]
        upload = self.sent(*rows, event_type=COMMITMENTS, head=ORDER)
        self.assertEqual(self.results(upload), [(2, "accepted"), (3, "accepted"), (4, "accepted")])
        self.drain()
        self.env.invalidate_all()
        first, second, third = upload.row_ids
        self.assertEqual((first.event_id, first.event_state), (second.event_id, "processed"))
        order = self.bound("commitment", "C1")
        self.assertEqual(order.amount_untaxed, 1250.5)
        self.assertIn(order.display_name, first.document)
        self.assertEqual(first.action_open_documents()["res_id"], order.id)
        self.assertEqual((third.event_state, upload.issue_count), ("parked", 1))
        self.assertIn("J9", third.issue_text)
        self.assertEqual(upload.action_open_issues()["domain"][0][2], third.event_id.issue_ids.ids)
        # the cause goes, and the row goes on by itself
        self.process(self.event("job.upserted", data=self.job_data("J9"), sequence=1))
        self.drain()
        self.env.invalidate_all()
        self.assertEqual(third.event_state, "processed")
        found = third.event_id.issue_ids.filtered(lambda issue: issue.state == "open")
        self.assertEqual(found.mapped("category"), ["budget"], "the job has none")

    def test_the_file_is_kept_once_with_its_delivery(self):
        upload = self.sent(["CC-1", "11-100", "Fences"])
        delivery = upload.sudo().delivery_id
        self.assertEqual(delivery.event_ids, upload.row_ids.event_id)
        self.assertEqual(delivery.body_sha256, upload.sha256)
        self.assertIn(b"Fences", base64.b64decode(delivery.body))
        self.assertEqual(json.loads(delivery.headers)["User"], "upload-sender")
        self.assertFalse(upload.content, "no second copy")
        self.assertFalse(any(upload.row_ids.mapped("preview")), "the event says it now")
        audit = self.env["construction.audit"].search([("action", "=", "upload_sent")], limit=1)
        self.assertEqual(audit.res_id, upload.id)

    def test_the_same_file_twice_makes_duplicates_and_nothing_else(self):
        rows = [self.order(), self.order(line="2")]
        first = self.sent(*rows, event_type=COMMITMENTS, head=ORDER)
        self.drain()
        deliveries = self.env["construction.delivery"].search_count([])
        with freeze_time(fields.Datetime.now() + timedelta(days=2)):
            second = self.upload(*rows, event_type=COMMITMENTS, head=ORDER)
            self.assertEqual(self.results(second), [(2, "known"), (3, "known")])
            second.action_send()
        self.assertEqual(self.results(second), [(2, "duplicate"), (3, "duplicate")])
        self.assertEqual(second.row_ids.event_id, first.row_ids.event_id)
        self.assertEqual(self.env["construction.delivery"].search_count([]), deliveries)
        self.assertFalse(self.env["construction.issue"].search([("category", "=", "duplicate")]))
        self.assertEqual(self.drain(), 0)

    def test_a_corrected_row_replaces_what_it_made(self):
        self.sent(["CC-1", "11-100", "Fences"], ["CC-2", "11-200", "Gates"])
        self.drain()
        with freeze_time(fields.Datetime.now() + timedelta(minutes=1)):
            upload = self.sent(["CC-1", "11-100", "Fencing"], ["CC-2", "11-200", "Gates"])
        self.assertEqual(self.results(upload), [(2, "accepted"), (3, "duplicate")])
        self.drain()
        self.assertEqual(self.bound("cost_code", "CC-1").name, "Fencing")

    def test_events_that_wait_are_corrected_in_a_file(self):
        bad = self.commitment_data(kind="gift", retention={"work_percent": "10"})
        good = self.commitment_data("C2", vendor={"number": "V-9"})
        events = [self.event("commitment.approved", data=data, sequence=3) for data in (bad, good)]
        waiting = self.apply(*events)
        self.assertEqual(set(waiting.mapped("state")), {"parked"})
        action = waiting.with_user(self.sender).action_correct_in_file()
        upload = self.env["construction.upload"].with_user(self.sender).browse(action["res_id"])
        book = load_workbook(io.BytesIO(base64.b64decode(upload.content)))
        sheet = book.worksheets[0]
        head = [cell.value for cell in sheet[1]]
        sheet.cell(2, head.index("kind") + 1).value = "subcontract"
        sheet.cell(3, head.index("vendor") + 1).value = "V1"
        content = io.BytesIO()
        book.save(content)
        upload.content = base64.b64encode(content.getvalue())
        upload.action_check()
        self.assertEqual(upload.state, "checked", upload.row_ids.mapped("problem"))
        upload.action_send()
        self.drain()
        self.env.invalidate_all()
        self.assertEqual(set(upload.row_ids.mapped("event_state")), {"processed"})
        self.assertEqual(set(waiting.mapped("state")), {"superseded"})
        self.assertEqual(self.bound("commitment", "C1").retention_percent, 10)

    def test_only_events_of_one_kind_go_into_one_file(self):
        events = self.env["construction.event"].search([], limit=9).with_user(self.sender)
        self.assertGreater(len(set(events.mapped("type"))), 1)
        with self.assertRaisesRegex(UserError, "one platform and one type"):
            events.action_correct_in_file()
        with self.assertRaises(AccessError):
            events[:1].with_user(self.make_user("upload-fin", "finance")).action_correct_in_file()

    def test_it_is_the_same_inbox_as_the_endpoint(self):
        """One subject, one order of versions, whichever way they come."""
        data = {"external_id": "CC-1", "code": "11-100", "name": "By the endpoint"}
        self.process(self.event("cost_code.upserted", data=data, sequence=5))
        head = [*HEAD, "event.sequence"]
        older = self.sent(["CC-1", "11-100", "Older", "4"], head=head)
        newer = self.sent(["CC-1", "11-100", "Newer", "6"], head=head)
        self.drain()
        self.env.invalidate_all()
        self.assertEqual(older.row_ids.event_state, "superseded")
        self.assertEqual(newer.row_ids.event_state, "processed")
        self.assertEqual(self.bound("cost_code", "CC-1").name, "Newer")

    def test_a_budget_is_ordered_by_its_job(self):
        head = ["external_id", "job", "version", "currency", "lines.cost_code", "lines.cost_type",
                "lines.amount"]  # fmt: skip
        row = ["B9", "J1", "2", self.company.currency_id.name, "03-300", "material", "5"]
        upload = self.sent(row, head=head, event_type="construction.budget.approved.v1")
        self.assertEqual(upload.row_ids.subject, "budget/J1")

    # ---------------------------------------------------------------- platforms
    def test_a_platform_that_takes_nothing(self):
        upload = self.upload(["CC-1", "11-100", "Fences"])
        for values, said in (({"active": False}, "archived"), ({"state": "draft"}, "Activate")):
            with self.assertRaisesRegex(UserError, said), self.cr.savepoint():
                self.platform.sudo().write(values)
                upload.action_send()
        self.env.invalidate_all()
        self.env.registry.clear_cache()
        self.platform.action_pause()
        upload.action_send()
        self.assertEqual(upload.row_ids.event_state, "parked")
        self.platform.action_activate()
        self.drain()
        self.env.invalidate_all()
        self.assertEqual(upload.row_ids.event_state, "processed")

    # ------------------------------------------------------------------- keeping
    def test_what_was_sent_stays_as_it_is(self):
        upload = self.sent(["CC-1", "11-100", "Fences"])
        for act in (
            upload.action_send,
            upload.action_check,
            upload.unlink,
            lambda: upload.write({"content": base64.b64encode(b"x")}),
        ):
            with self.assertRaises(UserError), self.cr.savepoint():
                act()

    def test_what_nobody_sends_goes_after_a_month(self):
        unsent, sent = self.upload(["CC-1", "1", "A"]), self.sent(["CC-2", "2", "B"])
        self.env["construction.upload"]._gc_unsent()
        self.assertTrue(unsent.exists())
        self.env.cr.execute("UPDATE construction_upload SET write_date = '2020-01-01'")
        self.env.invalidate_all()
        self.env["construction.upload"]._gc_unsent()
        self.assertFalse(unsent.exists())
        self.assertTrue(sent.exists())

    def test_the_database_holds_what_a_row_and_an_upload_are(self):
        upload = self.upload(["CC-1", "1", "A"])
        for statement in (
            "UPDATE construction_upload SET state = 'sent' WHERE id = %s",
            "UPDATE construction_upload SET content = NULL WHERE id = %s",
            "UPDATE construction_upload_row SET result = 'accepted' WHERE upload_id = %s",
            "UPDATE construction_upload_row SET result = 'faulty' WHERE upload_id = %s",
        ):
            with (
                self.assertRaises(psycopg2.errors.CheckViolation, msg=statement),
                mute_logger("odoo.sql_db"),
                self.cr.savepoint(),
            ):
                self.env.cr.execute(statement, upload.ids)

    # -------------------------------------------------------------------- rights
    def test_who_uploads(self):
        auditor = self.make_user("upload-auditor", "auditor")
        finance = self.make_user("upload-finance", "finance")
        upload = self.upload(["CC-1", "11-100", "Fences"])
        self.assertEqual(upload.with_user(auditor).row_ids.row, 2)
        for user in (auditor, finance):
            for act in ("action_check", "action_send"):
                with self.assertRaises(AccessError, msg=act), self.cr.savepoint():
                    getattr(upload.with_user(user), act)()
        with self.assertRaises(AccessError), self.cr.savepoint():
            upload.write({"state": "sent"})
        second = self.make_company("Upload Second")
        stranger = self.make_user("upload-stranger", "integration_manager", company=second)
        self.assertFalse(self.env["construction.upload"].with_user(stranger).search([]))
        with self.assertRaises(AccessError):
            upload.with_user(stranger).row_ids.read(["problem"])
        with self.assertRaises(AccessError), self.cr.savepoint():
            self.upload(["CC-1", "11-100", "Fences"], user=stranger)

    def test_who_sends_a_document_does_not_release_it(self):
        both = self.make_user("upload-both", "integration_manager", "finance")
        self.sent(self.order(), event_type=COMMITMENTS, head=ORDER, user=both)
        self.drain()
        order = self.bound("commitment", "C1")
        self.assertIn("in a file", order._duty_refusal(both))
        self.assertFalse(order._duty_refusal(self.make_user("upload-other", "finance")))

    def test_an_erased_person_is_in_no_file_any_more(self):
        """Also in a workbook, whose bytes nobody can search, and in rows that arrived before."""
        book = self.workbook(HEAD, ["CC-1", "11-100", "Jane Doe"], ["CC-2", "11-200", "Gates"])
        self.sent(["CC-1", "11-100", "Jane Doe"])
        again = self.sent(content=book, filename="Jane Doe.xlsx")
        self.assertEqual(self.results(again), [(2, "duplicate"), (3, "accepted")])
        unsent = self.upload(content=self.workbook(HEAD, ["CC-3", "11-300", "Jane Doe"]))
        self.drain()
        wizard = self.env["construction.person.erase"].with_user(self.sender).create(
            {"terms": "Jane Doe", "reason": "asked for it"}
        )  # fmt: skip
        wizard.action_erase()
        self.env.invalidate_all()
        self.assertFalse(again.sudo().delivery_id.body)
        self.assertNotIn("Jane", again.filename)
        self.assertFalse(unsent.exists())

    # ------------------------------------------------------------------ template
    def test_every_type_has_its_templates(self):
        upload = self.upload(["CC-1", "11-100", "Fences"])
        types = [name for name, _label in upload._selection_type()]
        self.assertIn(COMMITMENTS, types)
        self.assertNotIn("construction.webhook.received.v1", types)
        for name in (CODES, COMMITMENTS):
            upload.type = name
            book = load_workbook(io.BytesIO(base64.b64decode(upload.template_xlsx)))
            heads = [cell.value for cell in book.worksheets[0][1]]
            self.assertEqual(heads, [column.name for column in upload._columns()])
            text = base64.b64decode(upload.template_csv)
            self.assertEqual(spreadsheet.read(text)[0], heads)


@tagged("post_install", "-at_install")
class TestUploadTour(UploadCase, HttpCase):
    def test_from_the_template_to_the_results(self):
        self.start_tour("/odoo", "construction_file_uploaded", login="admin")
        upload = self.env["construction.upload"].search([], limit=1)
        self.assertEqual(upload.state, "sent")
        self.assertEqual(self.results(upload), [(2, "accepted"), (3, "accepted")])
