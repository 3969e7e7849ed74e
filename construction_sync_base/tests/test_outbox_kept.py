"""How long what was told is kept, and that a person is erased from it."""

from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .retention import OLD
from .test_erasure_reach import EraseCase


@tagged("post_install", "-at_install")
class TestOutboxKept(EraseCase):
    def given(self):
        super().given()
        values = {"name": "W", "platform_id": self.platform.id, "url": "https://w.example.com/x"}
        subscription = self.env["construction.subscription"].create(values)
        subscription.action_new_secret()
        subscription.action_activate()

    def told(self, subject, state="sent", message="m", age=timedelta(0)):
        fact = {"type": "construction.event.parked.v1", "subject": subject,
                "company_id": self.company.id, "data": {"message": message}}  # fmt: skip
        row = self.env["construction.outbox"]._tell([fact])
        now = fields.Datetime.now()
        row.sudo().write(
            {"state": state, "created_at": now - age, "sent_at": now if state == "sent" else False}
        )
        return row

    def test_what_was_sent_goes_when_its_period_is_over(self):
        old, young = self.told("x/1", age=OLD), self.told("x/2")
        waiting, dead = self.told("x/3", "pending", age=OLD), self.told("x/4", "dead", age=OLD)
        self.run_retention()
        self.assertFalse(old.exists())
        self.assertEqual((young | waiting | dead).exists(), young | waiting | dead)

    def test_a_person_is_erased_from_what_was_told(self):
        row = self.told("x/1", message=f"{self.NAME} has no code")
        self.env["construction.outbox.try"].sudo().create(
            {"outbox_id": row.id, "company_id": self.company.id, "verdict": "done", "status": 200,
             "at": fields.Datetime.now(), "text": f"thanks to {self.NAME}"}
        )  # fmt: skip
        waiting = self.told("x/2", "pending", message=f"{self.NAME} has no code")
        self.erase()
        self.assertListed(row)
        self.assertListed(waiting, "Not sent yet")
        self.assertNotIn(self.NAME, row.payload + row.try_ids.text)
        self.assertIn("person-", row.payload)
        self.assertIn(self.NAME, waiting.payload)
