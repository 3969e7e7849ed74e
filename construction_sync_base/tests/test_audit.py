"""The audit trail: append-only for everybody, and with the right name on every row."""

import psycopg2
from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from .common import SyncCase


@tagged("post_install", "-at_install")
class TestAudit(SyncCase, TransactionCase):
    def rows(self, record, action=None):
        domain = [("model", "=", record._name), ("res_id", "=", record.id)]
        if action:
            domain.append(("action", "=", action))
        return self.env["construction.audit"].search(domain)

    def test_the_database_refuses_every_change(self):
        self.process(self.event("platform.pinged", subject="a/1"))
        for statement in (
            "UPDATE construction_audit SET action = 'forged'",
            "UPDATE construction_audit SET text_digest = NULL WHERE id > 0",
            "DELETE FROM construction_audit",
            "TRUNCATE construction_audit",
            "TRUNCATE construction_audit CASCADE",
        ):
            with (
                self.subTest(statement),
                mute_logger("odoo.sql_db"),
                self.assertRaisesRegex(psycopg2.Error, "append-only|foreign key"),
                self.env.cr.savepoint(),
            ):
                self.env.cr.execute(statement)

    def test_the_orm_refuses_every_change(self):
        (event,) = self.process(self.event("platform.pinged", subject="a/2"))
        row = self.rows(event)
        for user in (self.env.ref("base.user_admin"), self.make_user("au", "auditor")):
            with self.assertRaises(AccessError):
                row.with_user(user).write({"action": "forged"})
            with self.assertRaises(AccessError):
                row.with_user(user).unlink()
            with self.assertRaises(AccessError):
                row.with_user(user).create({"model": "x", "action": "y", "actor_id": user.id})
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaisesRegex(psycopg2.Error, "append-only"),
            self.env.cr.savepoint(),
        ):
            row.sudo().unlink()
            self.env.flush_all()

    def test_an_applied_event_leads_to_its_document_and_back(self):
        (event,) = self.process(
            self.event("cost_code.upserted", data=self.cost_code_data("13-1"), sequence=1)
        )
        code = self.bound("cost_code", "CC-13-1")
        row = self.rows(code, "event_processed")
        self.assertEqual(row.event_id, event)
        self.assertEqual(row.actor_id, self.platform.service_user_id, "who applied it")
        self.assertEqual(event.binding_ids._record(), code)

    def test_every_attempt_leaves_a_row(self):
        event = self.event("cost_code.upserted", data=self.cost_code_data("13-2", uom="pole"))
        (stored,) = self.apply(event)
        self.assertEqual(self.rows(stored).mapped("action"), ["event_parked"])

    def test_what_people_do_carries_their_name(self):
        manager = self.make_user("im", "integration_manager")
        platform = self.platform.with_user(manager)
        platform.action_pause()
        platform.action_activate()
        platform.rotate_secret()
        platform.create_api_key("k", days=1)
        for action in ("platform_paused", "secret_rotated", "api_key_created"):
            self.assertEqual(self.rows(self.platform, action)[:1].actor_id, manager, action)
        texts = "".join(self.rows(self.platform).mapped(lambda row: row.detail or ""))
        self.assertNotIn("whsec_", texts)

    def test_a_policy_change_is_kept_with_its_values(self):
        policy = self.env.ref("construction_sync_base.policy_vendor")
        policy.match_by_name = not policy.match_by_name
        self.assertIn("match_by_name", self.rows(policy, "policy_changed")[:1].detail)

    def test_the_event_of_an_audit_row_cannot_be_deleted(self):
        (event,) = self.process(self.event("platform.pinged", subject="a/3"))
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.Error), self.env.cr.savepoint():
            self.env.cr.execute("DELETE FROM construction_event WHERE id = %s", (event.id,))
