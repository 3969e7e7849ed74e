"""Signed checkpoints leave by mail: what the auditors get, when, and what happens when nothing
can be mailed."""

import base64
import io
import os
import zipfile
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from odoo.addons.mail.tests.common import MockEmail

from ..audit_reader import read_head
from ..lib import sealing
from ..models.construction_audit_dispatch import PARAMETER
from .seals import SealCase


@tagged("post_install", "-at_install")
class TestAuditMail(SealCase, MockEmail, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.auditor = cls.make_user("mail-auditor", "auditor")
        cls.auditor.email = "auditor@outside.example"
        cls.elsewhere = cls.make_user(
            "mail-elsewhere", "auditor", company=cls.make_company("Mail Elsewhere")
        )
        cls.elsewhere.email = "elsewhere@outside.example"
        cls.Dispatch = cls.env["construction.audit.dispatch"]
        cls.Checkpoint = cls.env["construction.audit.checkpoint"]
        cls.env.company.email = "odoo@outside.example"
        cls.env["construction.platform"].search([("id", "!=", cls.platform.id)]).state = "draft"

    def given(self):
        super().given()
        self.Checkpoint.search([])  # what the installation itself sealed is mailed first
        self.append(1), self.seal()
        self.Checkpoint._issue([self.chain])
        with self.mock_mail_gateway():
            self.Dispatch._send_due()
            self.env["mail.mail"].search([("state", "=", "outgoing")]).send()
        self.yesterday()

    def yesterday(self):
        """As if every mail so far was a day older."""
        for row in self.Dispatch.search([]):
            row.at -= timedelta(days=1)

    def checkpoint(self):
        self.append(2), self.seal()
        return self.Checkpoint._issue([self.chain])

    def mailed(self):
        """(rows, mails that left) of one run of the job."""
        with self.mock_mail_gateway():
            rows = self.Dispatch._send_due()
            rows.mail_id.send()
            return rows, list(self._mails)

    def test_the_auditors_of_the_company_get_a_file_that_verifies(self):
        self.assertEqual(self.checkpoint().company_id, self.company)
        rows, (mail,) = self.mailed()
        self.assertEqual(rows.company_id, self.company)
        self.assertIn("auditor@outside.example", mail["email_to"][0])
        self.assertNotIn("elsewhere", str(mail["email_to"]))
        ((name, content, kind),) = mail["attachments"]
        head = read_head(self.env.cr, self.chain)
        self.assertEqual((name, kind), (f"audit-{self.chain}-{head.number}.json",
                                        "application/json"))  # fmt: skip
        text = content.decode() if isinstance(content, bytes) else content
        known = sealing.read_checkpoint(text, self.publics)
        self.assertEqual((known["seal"], known["hash"]), (head.number, head.hash))
        body = mail["body"]
        for part in (head.hash, self.company.name, "Verify the Audit Trail", "--public-key",
                     f"seal {head.number - 1}", str(known["rows"])):  # fmt: skip
            self.assertIn(part, body)
        self.assertEqual(rows.mail_id.state, "sent")

    def test_what_the_mail_says_finds_a_chain_that_was_cut(self):
        self.checkpoint()
        _rows, (mail,) = self.mailed()
        text = mail["attachments"][0][1]
        text = text.decode() if isinstance(text, bytes) else text
        known = sealing.read_checkpoint(text, self.publics)
        self.assertFalse(self.verify(checkpoints=[known]))
        self.env.cr.execute("ALTER TABLE construction_audit_seal DISABLE TRIGGER USER")
        self.env.cr.execute("ALTER TABLE construction_audit_leaf DISABLE TRIGGER USER")
        self.sql(
            "DELETE FROM construction_audit_leaf WHERE chain = %s AND number = %s",
            self.chain, known["seal"],
        )  # fmt: skip
        self.sql(
            "DELETE FROM construction_audit_seal WHERE company_id = %s AND number = %s",
            self.chain, known["seal"],
        )  # fmt: skip
        self.assertIn("truncated", [found.kind for found in self.verify(checkpoints=[known])])

    def test_once_a_day_and_everything_since(self):
        first, second = self.checkpoint(), self.checkpoint()
        rows, (mail,) = self.mailed()
        self.assertEqual((rows.checkpoint_id, rows.checkpoint_count), (second, 2))
        packed = next(part[1] for part in mail["attachments"] if part[0] == "checkpoints.zip")
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            self.assertEqual(
                {name: archive.read(name) for name in archive.namelist()},
                {each.file_name: base64.b64decode(each.file) for each in first | second},
            )
        third = self.checkpoint()
        self.assertFalse(self.mailed()[0], "not a day yet")
        self.yesterday()
        rows, (mail,) = self.mailed()
        self.assertEqual((rows.checkpoint_id, len(mail["attachments"])), (third, 1))
        self.assertIn(f"seal {second.seal_number}", mail["body"])
        self.yesterday()
        self.assertFalse(self.mailed()[0], "nothing new")

    def test_addresses_by_parameter_and_by_the_server(self):
        self.env["ir.config_parameter"].set_param(PARAMETER, "a@x.example; b@x.example")
        self.checkpoint()
        _rows, mails = self.mailed()
        self.assertEqual(
            sorted(address for mail in mails for address in mail["email_to"]),
            ["a@x.example", "b@x.example"],
        )
        self.yesterday()
        self.checkpoint()
        with patch.dict(os.environ, {"CONSTRUCTION_SYNC_AUDIT_MAIL": "vault@y.example"}):
            rows, _mails = self.mailed()
        self.assertEqual(rows.recipients, "vault@y.example")

    def test_no_copy_mails(self):
        self.checkpoint()
        self.platform.sudo().confirmed_database = "another"
        self.assertFalse(self.mailed()[0], "unconfirmed")
        self.platform.action_confirm_database()
        self.env["ir.config_parameter"].set_param("database.is_neutralized", "true")
        self.assertFalse(self.mailed()[0], "neutralised")
        self.platform.environment = "sandbox"
        self.assertFalse(self.mailed()[0], "neutralised, with a sandbox that works")
        self.env["ir.config_parameter"].set_param("database.is_neutralized", "")
        self.assertTrue(self.mailed()[0])

    def test_a_mail_server_that_refuses_is_a_finding_and_the_next_mail_carries_it(self):
        first = self.checkpoint()
        rows = self.Dispatch._send_due()
        with (
            self.mock_mail_gateway(),
            patch.object(type(self.env["ir.mail_server"]), "send_email",
                         side_effect=OSError("refused by the relay")),
            mute_logger("odoo.addons.mail.models.mail_mail"),
        ):  # fmt: skip
            rows.mail_id.send()
        self.assertEqual(rows.mail_id.state, "exception")
        level, _name, value, _advice = self.env["construction.health"]._audit_mail_check()
        self.assertEqual(level, "look")
        self.assertIn("refused by the relay", value)
        self.assertFalse(self.mailed()[0], "not every minute")
        self.yesterday()
        second = self.checkpoint()
        rows, _mails = self.mailed()
        self.assertEqual((rows.checkpoint_id, rows.checkpoint_count), (second, 2))
        self.assertGreater(second.id, first.id)
        self.assertEqual(self.env["construction.health"]._audit_mail_check()[0], "fine")

    def test_a_fault_of_the_mail_never_stops_the_sealer(self):
        self.append(3)
        with (
            self.shared_cursors(),
            patch.object(type(self.Dispatch), "_post", side_effect=ValueError("no template")),
            self.assertLogs("odoo.addons.construction_sync_base", "ERROR") as logged,
        ):
            self.append(1000)
            self.Seal._cron_seal()
        self.assertIn("could not be mailed", str(logged.output))
        self.assertEqual(self.Seal._health()["waiting"], 0)
        head = read_head(self.env.cr, self.chain).number
        self.assertTrue(self.Checkpoint.search([("seal_number", "=", head)]))

    def test_what_waits_shows_on_the_health_page(self):
        check = self.env["construction.health"]._audit_mail_check
        self.assertEqual(check()[0], "fine")
        self.checkpoint()
        with patch.object(type(self.Dispatch), "_recipients", lambda *_args: []):
            self.assertFalse(self.mailed()[0])
            self.assertEqual(check()[0], "look")
            self.assertIn(PARAMETER, check()[3])
        self.env.cr.execute("ALTER TABLE construction_audit_checkpoint DISABLE TRIGGER USER")
        late = fields.Datetime.now() - timedelta(hours=60)
        self.sql("UPDATE construction_audit_checkpoint SET at = %s WHERE company_id = %s",
                 late, self.chain)  # fmt: skip
        self.Checkpoint.invalidate_model()
        self.assertEqual(check()[0], "act")
        self.platform.sudo().confirmed_database = "another"
        self.assertEqual(check()[0], "off")
