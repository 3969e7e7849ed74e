"""Erasing a person reaches the files that platforms sent, the employee, and what dry runs
and replays said."""

import base64
import hashlib

from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged

from .domain import DomainCase
from .retention import KeepCase

PDF = b"%PDF-1.4 passport of somebody"


class EraseCase(KeepCase, DomainCase, TransactionCase):
    NAME = "Jürgen Weiß"

    def given(self):
        super().given()
        self.manager = self.make_user("eraser", "integration_manager")

    def erase(self, *terms, search=False):
        wizard = (
            self.env["construction.person.erase"]
            .with_user(self.manager)
            .create({"terms": "\n".join(terms or (self.NAME,)), "reason": "asked for it"})
        )
        wizard.action_search()
        self.listed = {(line.model, line.res_id): line.kept for line in wizard.line_ids}
        self.kinds = set(wizard.line_ids.mapped("kind"))
        if not search:
            wizard.action_erase()
            self.env.invalidate_all()
        return wizard

    def assertListed(self, record, kept=None):
        self.assertIn((record._name, record.id), self.listed)
        why = self.listed[record._name, record.id]
        if kept:
            self.assertIn(kept, why)
        else:
            self.assertFalse(why)


@tagged("post_install", "-at_install")
class TestErasureOfFiles(EraseCase):
    def given(self):
        super().given()
        self.setup_job("F1", "FV1", codes=("FI-100",))

    def upload(self, body=PDF, platform=None):
        route = self.env["construction.platform"]._route((platform or self.platform).key)
        sha256 = hashlib.sha256(body).hexdigest()
        self.env["construction.file"]._store(route, sha256, body)
        self.drain()
        return self.env["construction.file"].search(
            [("sha256", "=", sha256), ("platform_id", "=", route["id"])]
        )

    def commitment(self, external_id, body=PDF, filename="contract.pdf", by=None, **over):
        over.setdefault("lines", [self.commitment_line(cost_code="FI-100")])
        data = self.commitment_data(
            external_id, "F1", "FV1", approved_by={"name": by or self.NAME},
            attachments=[{"filename": filename, "mimetype": "application/pdf",
                          "sha256": hashlib.sha256(body).hexdigest()}], **over,
        )  # fmt: skip
        return self.event("commitment.approved", data=data, sequence=1)

    def attachment(self, external_id):
        order = self.bound("commitment", external_id)
        return self.env["ir.attachment"].search(
            [("res_model", "=", "purchase.order"), ("res_id", "=", order.id)]
        )

    def content(self, file):
        return self.env["construction.file.link"]._contents(file.ids)

    def test_a_file_of_erased_events_goes_and_stays_away(self):
        file = self.upload()
        self.process(self.commitment("EF1"))
        self.assertTrue(self.attachment("EF1"))
        self.erase()
        self.assertListed(file)
        self.assertIn("Platform File", self.kinds)
        self.assertFalse(self.content(file))
        self.assertTrue(file.erased_at)
        self.assertTrue(self.attachment("EF1"), "the document itself is not touched")
        self.upload()
        self.assertFalse(self.content(file), "sent again it stays away")
        self.process(self.commitment("EF2", by="Another"))
        self.assertFalse(self.env["construction.file.link"].search([("linked_at", "=", False)]))
        self.seal()
        self.assertFalse(self.verify(), "the chain still verifies")
        told = self.env["construction.audit"].search(
            [("model", "=", file._name), ("action", "=", "person_erased")]
        )
        self.assertEqual(told.res_id, file.id)

    def test_a_file_that_another_event_names_stays(self):
        file = self.upload()
        (other,) = self.process(self.commitment("EF3", by="Another"))
        self.process(self.commitment("EF4"))
        self.erase()
        self.assertNotIn((file._name, file.id), self.listed)
        self.assertEqual(self.content(file)[file.id].raw, PDF)
        self.assertFalse(other.erased_at)

    def test_one_that_a_waiting_event_names_only_in_its_payload_stays(self):
        file = self.upload()
        line = self.commitment_line(cost_code="NO-SUCH")
        (parked,) = self.apply(self.commitment("EF5", by="Another", lines=[line]))
        self.assertEqual(parked.state, "parked")
        self.process(self.commitment("EF6"))
        self.erase()
        self.assertNotIn((file._name, file.id), self.listed)
        self.assertTrue(self.content(file))

    def test_a_named_file_goes_from_its_documents_too(self):
        for position, term in enumerate(("passport-77.pdf", hashlib.sha256(PDF).hexdigest())):
            body = PDF + b" " * position
            term = term if position == 0 else hashlib.sha256(body).hexdigest()
            file = self.upload(body)
            name = f"EF7{position}"
            self.process(self.commitment(name, body, filename="passport-77.pdf", by="Another"))
            copy = self.attachment(name)
            by_hand = self.env["ir.attachment"].create(
                {"name": "mine.pdf", "raw": b"other", "res_model": "purchase.order",
                 "res_id": copy.res_id}
            )  # fmt: skip
            self.erase(term)
            self.assertListed(file)
            self.assertIn(("ir.attachment", copy.id), self.listed)
            self.assertEqual(self.attachment(name), by_hand)
            self.assertFalse(self.content(file))

    def test_the_name_of_a_file_that_never_came(self):
        self.process(self.commitment("EF8", filename=f"cv {self.NAME}.pdf", by="Another"))
        link = self.env["construction.file.link"].search([("linked_at", "=", False)])
        self.erase()
        self.assertListed(link)
        self.assertNotIn(self.NAME, link.filename)
        self.assertTrue(link.filename.startswith("cv person-"))

    def test_a_hold_keeps_the_file_and_its_copies(self):
        file = self.upload()
        self.process(self.commitment("EF9", filename="passport-77.pdf"))
        copy = self.attachment("EF9")
        hold = self.hold(partner_id=self.bound("vendor", "FV1").id)
        with self.assertRaisesRegex(UserError, "has to stay"):
            self.erase("passport-77.pdf")
        self.assertListed(file, "legal hold")
        self.assertListed(copy, "legal hold")
        hold.action_lift("settled")
        self.erase("passport-77.pdf")
        self.assertFalse(self.content(file))

    def test_a_hold_on_the_company_keeps_what_no_event_names(self):
        file = self.upload()
        self.hold()
        with self.assertRaisesRegex(UserError, "has to stay"):
            self.erase(file.sha256)
        self.assertListed(file, "legal hold")

    def test_what_another_company_uses_stays(self):
        company = self.make_company("Apart F")
        self.platform.company_ids |= company
        file = self.upload()
        (event,) = self.process(self.commitment("EF10"))
        event.company_id = company
        self.erase(file.sha256)
        self.assertListed(file, "not switched on")
        self.assertTrue(self.content(file))

    def inline(self, external_id, by=None, **over):
        event = self.commitment(external_id, by=by, **over)
        event["data"]["attachments"] = [
            {"filename": "a.pdf", "mimetype": "application/pdf",
             "content_base64": base64.b64encode(PDF).decode()},
            {"filename": "passport.pdf", "mimetype": "application/pdf",
             "url": "https://platform.example/passport"},
        ]  # fmt: skip
        return event

    def test_what_an_event_carried_goes_from_its_payload(self):
        (event,) = self.process(self.inline("EI1"))
        file = event.file_link_ids.filtered("sha256")
        self.assertIn("JVBERi", event.payload)
        self.erase()
        self.assertNotIn("JVBERi", event.payload)
        kept = self.env["construction.file"].search([("sha256", "=", file.sha256)])
        self.assertListed(kept)
        self.assertFalse(self.content(kept))

    def test_one_that_other_events_carried_stays(self):
        self.process(self.inline("EI2"))
        (same,) = self.process(self.inline("EI3", by="Another"))
        line = self.commitment_line(cost_code="NO-SUCH")
        self.erase()
        self.assertNotIn("construction.file", {model for model, _id in self.listed})
        self.process(self.inline("EI4"))
        (parked,) = self.apply(self.inline("EI5", by="Another", lines=[line]))
        self.assertEqual(parked.state, "parked")
        for number, bad in enumerate(("x", [7], [{"content_base64": 7}])):
            event = self.inline(f"EI6{number}")
            event["data"]["attachments"] = bad
            self.apply(event)
            self.assertParked(event["id"], "schema")
        self.erase()
        self.assertNotIn("construction.file", {model for model, _id in self.listed})

    def test_a_named_address_goes_from_its_documents(self):
        self.process(self.inline("EI6", by="Another"))
        link = self.attachment("EI6").filtered("url")
        self.assertEqual(link.type, "url")
        self.erase("passport.pdf")
        self.assertListed(link)
        self.assertFalse(link.exists())


@tagged("post_install", "-at_install")
class TestErasureOfEmployees(EraseCase):
    def employee(self, external_id="M1", **over):
        data = {
            "external_id": external_id, "number": "4711", "name": self.NAME, "trade": "carpenter",
            "union": "UBC", "crew": "A", "hired_on": "2020-01-01", "pay_group": "weekly", **over,
        }  # fmt: skip
        self.process(self.event("employee.upserted", data=data))
        return self.bound("employee", external_id)

    def test_the_row_stays_without_the_person(self):
        employee = self.employee()
        employee.user_id = self.env.user
        namesake = self.employee("M2", number="4712")
        self.erase()
        self.assertListed(employee)
        self.assertTrue(employee.exists())
        self.assertRegex(employee.name, "^person-[0-9a-f]{8}$")
        self.assertNotEqual(employee.number, namesake.number)
        self.assertFalse(
            employee.user_id or employee.hired_on or employee.union or employee.crew
            or employee.pay_group or employee.active
        )  # fmt: skip
        self.assertEqual(employee.trade, "carpenter", "what decides rates stays")
        self.assertEqual(self.bound("employee", "M1"), employee)

    def test_found_by_the_number(self):
        employee = self.employee(name="Some Body")
        self.erase("4711")
        self.assertListed(employee)

    def test_a_hold_and_an_unfinished_event_keep_him(self):
        employee = self.employee()
        hold = self.hold()
        self.erase(search=True)
        self.assertListed(employee, "legal hold")
        hold.action_lift("settled")
        self.platform.action_pause()
        self.send(self.event("employee.upserted", data={
            "external_id": "M1", "number": "4711", "name": self.NAME}))  # fmt: skip
        self.erase()
        self.assertListed(employee, "Not finished")
        self.assertEqual(employee.name, self.NAME)

    def test_another_company_is_not_touched(self):
        company = self.make_company("Apart E")
        other = self.env["construction.employee"].create(
            {"number": "4711", "name": self.NAME, "company_id": company.id}
        )
        self.employee()
        self.erase()
        self.assertNotIn((other._name, other.id), self.listed)
        self.assertEqual(other.name, self.NAME)


@tagged("post_install", "-at_install")
class TestErasureOfDifferences(EraseCase):
    def diff(self, event, **values):
        change = self.env["construction.change"].create({"name": "Try", "reason": "r"})
        return self.env["construction.change.diff"].create(
            {"change_id": change.id, "event_id": event.id, "company_id": self.company.id,
             "outcome": "changed", "document": f"Firm {self.NAME}", "field_name": "Phone",
             "value_now": "+1 555 0100", "amount_difference": 5.0,
             "currency_id": self.company.currency_id.id, **values}
        )  # fmt: skip

    def test_values_go_and_figures_stay(self):
        (event,) = self.process(self.event("vendor.upserted", data=self.vendor_data("DV1")))
        diff = self.diff(event)
        other = self.diff(event, document="Another")
        in_value = self.diff(event, document="P1", value_now=False, value_then=f"ask {self.NAME}")
        self.erase()
        for one in (diff, in_value):
            self.assertListed(one)
            self.assertNotIn(self.NAME, f"{one.document}{one.value_now}{one.value_then}")
        self.assertNotIn("0100", diff.value_now)
        self.assertFalse(in_value.value_now)
        self.assertEqual(diff.amount_difference, 5.0)
        self.assertEqual(other.value_now, "+1 555 0100")

    def test_a_hold_keeps_them(self):
        (event,) = self.process(self.event("vendor.upserted", data=self.vendor_data("DV2")))
        diff = self.diff(event)
        self.hold()
        self.erase(search=True)
        self.assertListed(diff, "legal hold")
