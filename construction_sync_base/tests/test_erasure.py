"""A person is erased everywhere but in the books, and the chain of seals still verifies."""

import base64
import json

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, tagged

from .domain import DomainCase
from .retention import KeepCase


@tagged("post_install", "-at_install")
class TestErasure(KeepCase, DomainCase, TransactionCase):
    NAME = "Jürgen Weiß"
    EMAIL = "j.weiss@example.com"
    TEXT_TYPES = ("character varying", "text", "jsonb", "json")

    def given(self):
        super().given()
        self.setup_job("E1", "EV1", codes=("ER-100",))
        self.manager = self.make_user("eraser", "integration_manager")

    def commitment(self, external_id="EC1", **over):
        line = self.commitment_line(cost_code=over.pop("cost_code", "ER-100"))
        data = self.commitment_data(
            external_id, "E1", "EV1", lines=[line],
            approved_by={"name": self.NAME, "email": self.EMAIL}, **over,
        )  # fmt: skip
        return self.event("commitment.approved", data=data, sequence=1)

    def wizard(self, *terms, user=None, **values):
        return (
            self.env["construction.person.erase"]
            .with_user(user or self.manager)
            .create(
                {"terms": "\n".join(terms or (self.NAME, self.EMAIL)),
                 "reason": f"{self.NAME} asked for it", **values}
            )
        )  # fmt: skip

    def places(self, needle):
        """Tables and columns of the database where a text stands, native documents left out."""
        self.env.flush_all()
        found = set()
        for table, column in self.sql(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND data_type = ANY(%s)"
            " AND (table_name LIKE 'construction%%' OR table_name IN"
            " ('mail_message', 'mail_tracking_value', 'queue_job'))", list(self.TEXT_TYPES),
        ):  # fmt: skip
            if self.sql(f'SELECT 1 FROM "{table}" WHERE "{column}"::text ILIKE %s LIMIT 1',
                        f"%{needle}%"):  # fmt: skip
                found.add(f"{table}.{column}")
        for (body,) in self.sql("SELECT body FROM construction_delivery WHERE body IS NOT NULL"):
            raw = base64.b64decode(bytes(body)).decode("utf-8", "replace")
            if needle in raw or needle in raw.encode().decode("unicode_escape", "replace"):
                found.add("construction_delivery.body")
        return found

    def test_erased_everywhere_and_the_books_are_untouched(self):
        (event,) = self.process(self.commitment())
        order = self.bound("commitment", "EC1")
        self.env["construction.audit"]._record(order, "noted", {"by": self.NAME})
        (other,) = self.process(self.event("vendor.upserted", data=self.vendor_data("EV9")))
        issue = self.env["construction.issue"].create(
            {"event_id": event.id, "platform_id": self.platform.id, "state": "resolved",
             "company_id": self.company.id, "category": "approval", "message": f"ask {self.NAME}"}
        )  # fmt: skip
        issue.message_post(body=f"called {self.NAME} today")
        self.seal()
        moves = self.books(order)
        payload, digest, untouched = event.payload, event.digest, other.payload
        self.assertGreaterEqual(
            self.places(self.NAME),
            {"construction_event.payload", "construction_issue.message", "mail_message.body",
             "construction_audit_detail.text", "construction_delivery.body"},
        )  # fmt: skip
        wizard = self.wizard()
        wizard.action_search()
        self.assertFalse(wizard.kept_count)
        self.assertEqual(
            sorted(wizard.line_ids.mapped("model")),
            ["construction.approval", "construction.audit", "construction.delivery",
             "construction.event", "construction.issue", "construction.person"],
        )  # fmt: skip
        wizard.action_erase()
        self.env.invalidate_all()
        self.assertFalse(self.places(self.NAME) | self.places(self.EMAIL))
        self.assertEqual(self.books(order), moves)
        self.assertNotEqual(event.payload, payload)
        self.assertEqual(event.digest, digest)
        self.assertEqual(
            json.loads(event.payload)["data"]["lines"], json.loads(payload)["data"]["lines"]
        )
        self.assertTrue(event.erased_at)
        self.assertEqual(other.payload, untouched)
        self.seal()
        self.assertFalse(self.verify(), "the chain still verifies")
        rows = self.env["construction.audit"].search([("action", "=", "person_erased")])
        self.assertEqual(rows.actor_id, self.manager)
        self.assertIn("asked for it", "".join(row.detail or "" for row in rows))
        erased = self.env["construction.audit"].search([("action", "=", "noted")])
        self.assertTrue(erased.detail_erased)

    def books(self, order):
        return (
            order.amount_total, order.partner_id.name, order.name,
            order.order_line.mapped("analytic_distribution"),
            self.sql("SELECT count(*), sum(debit) FROM account_move_line")[0],
        )  # fmt: skip

    def test_a_repeated_delivery_is_still_recognised(self):
        sent = self.commitment("EC2")
        self.process(sent)
        self.wizard().action_erase()
        self.env.invalidate_all()
        self.assertEqual(self.send(sent), ["duplicate"])
        changed = {**sent, "data": {**sent["data"], "number": "other"}}
        self.assertEqual(self.send(changed), ["conflict"])

    def test_unfinished_and_held_stay_and_it_says_so(self):
        (parked,) = self.apply(self.commitment("EC3", cost_code="NO-SUCH"))
        (held,) = self.process(self.commitment("EC4"))
        hold = self.hold(date_from=held.received_at.date())
        wizard = self.wizard()
        wizard.action_search()
        self.assertEqual(wizard.found_count, 0)
        self.assertTrue(all("legal hold" in line.kept for line in wizard.line_ids))
        with self.assertRaisesRegex(UserError, "has to stay"):
            wizard.action_erase()
        hold.action_lift("settled")
        wizard.action_search()
        kept = wizard.line_ids.filtered("kept")
        self.assertIn(parked.id, kept.filtered(lambda k: k.model == parked._name).mapped("res_id"))
        self.assertIn("Not finished", kept[0].kept)
        wizard.action_erase()
        self.env.invalidate_all()
        self.assertIn(self.NAME, parked.payload)
        self.assertTrue(parked.delivery_id.body)
        self.assertNotIn(self.NAME, held.payload)

    def test_a_body_that_an_event_still_needs_stays(self):
        """An event may hold less than its body, which is then read when it is applied."""
        body = json.dumps({"who": self.NAME}).encode()
        self.send(self.ping("raw"))
        event = self.stored("raw")
        event.delivery_id.body = base64.b64encode(body)
        wizard = self.wizard()
        wizard.action_search()
        self.assertIn("Not finished", wizard.line_ids.kept)
        self.drain()
        wizard.action_erase()
        self.env.invalidate_all()
        self.assertFalse(event.delivery_id.body)

    def test_malformed_bodies_are_found_by_their_bytes(self):
        for ascii_only in (False, True):
            body = json.dumps({"who": self.NAME}, ensure_ascii=ascii_only).encode() + b"\xff\x00"
            delivery = self.env["construction.delivery"].create(
                {"platform_id": self.platform.id, "company_id": self.company.id,
                 "received_at": fields.Datetime.now(), "headers": "{}", "verdict": "malformed",
                 "body": base64.b64encode(body), "body_sha256": "x"}
            )  # fmt: skip
            self.wizard(self.NAME.lower()).action_erase()
            delivery.invalidate_recordset()
            self.assertFalse(delivery.body)

    def test_who_may_and_what_is_asked(self):
        for group in ("finance", "auditor", "project_manager"):
            with self.assertRaises(AccessError):
                self.wizard(user=self.make_user(f"no-{group}", group))
        self.process(self.commitment("EC5"))
        with self.assertRaisesRegex(UserError, "Say why"):
            self.wizard(reason=" ").action_erase()
        with self.assertRaisesRegex(UserError, "three characters"):
            self.wizard("ab").action_search()
        with self.assertRaisesRegex(UserError, "Nothing found"):
            self.wizard("Nobody At All").action_erase()

    def test_another_company_is_not_touched(self):
        company = self.make_company("Apart")
        platform = self.make_platform("apart", company)
        data = self.vendor_data("AV1", name=f"Firm of {self.NAME}")
        (event,) = self.process(self.event("vendor.upserted", data=data), platform=platform)
        self.process(self.commitment("EC6"))
        self.wizard().action_erase()
        self.env.invalidate_all()
        self.assertIn(self.NAME, event.payload)

    def test_terms_of_a_contact(self):
        partner = self.env["res.partner"].create(
            {"name": self.NAME, "email": self.EMAIL, "phone": "+1 555 0100"}
        )
        wizard = self.env["construction.person.erase"].new({"partner_id": partner.id})
        wizard._onchange_partner_id()
        self.assertEqual(wizard.terms.splitlines(), [self.NAME, self.EMAIL, "+1 555 0100"])
