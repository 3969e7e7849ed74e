"""What the verifier tells a person, and whom."""

import base64

from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, tagged

from ..audit_reader import read_head
from .seals import SealCase


@tagged("post_install", "-at_install")
class TestVerifier(SealCase, TransactionCase):
    def wizard(self, *groups):
        user = self.make_user(self.unique("verifier"), *groups)
        return self.env["construction.audit.verify"].with_user(user).create({})

    def verified(self, *groups, **values):
        wizard = self.wizard(*(groups or ("auditor",)))
        wizard.write(values)
        wizard.action_verify()
        return wizard

    def test_an_auditor_reads_that_all_is_well(self):
        self.append(3, texts=1), self.seal()
        wizard = self.verified()
        self.assertEqual(wizard.verdict, "good", wizard.result)
        self.assertIn("as they were written", wizard.result)
        row = self.env["construction.audit"].search([], limit=1)
        self.assertEqual(row.action, "audit_verified")
        self.assertEqual(row.actor_id, wizard.env.user)
        self.assertTrue(wizard.signed)
        self.assertFalse(wizard.hardened)
        self.assertIn("owner: construction_audit\n", wizard.holes)

    def test_the_first_bad_row_is_named(self):
        rows = self.append(5)
        self.seal()
        self.env.cr.execute("ALTER TABLE construction_audit DISABLE TRIGGER USER")
        self.sql("UPDATE construction_audit SET action = 'x' WHERE id = ANY(%s)", rows[2:4])
        wizard = self.verified("integration_manager")
        self.assertEqual(wizard.verdict, "bad")
        self.assertIn(f"Row {rows[2]} was changed", wizard.result)
        self.assertEqual(wizard.row_id.id, rows[2])

    def test_a_checkpoint_file_finds_a_cut_tail(self):
        self.append(3), self.seal()
        checkpoint = self.env["construction.audit.checkpoint"]._issue([self.chain])
        self.assertEqual(self.verified(checkpoint_file=checkpoint.file).verdict, "good")
        file, head = checkpoint.file, read_head(self.env.cr, self.chain)
        for table in ("", "_leaf", "_seal", "_checkpoint", "_detail"):
            self.env.cr.execute(f"ALTER TABLE construction_audit{table} DISABLE TRIGGER USER")
        self.sql("DELETE FROM construction_audit_checkpoint")
        self.sql("DELETE FROM construction_audit_detail WHERE audit_id >= %s", head.first_id)
        self.sql("DELETE FROM construction_audit WHERE id >= %s", head.first_id)
        self.sql("DELETE FROM construction_audit_unsealed WHERE audit_id >= %s", head.first_id)
        self.sql("DELETE FROM construction_audit_leaf WHERE audit_id >= %s", head.first_id)
        self.sql("DELETE FROM construction_audit_seal WHERE company_id = %s AND number = %s",
                 self.chain, head.number)  # fmt: skip
        self.assertEqual(self.verified().verdict, "good", "from inside nothing is missing")
        wizard = self.verified(checkpoint_file=file)
        self.assertEqual(wizard.verdict, "bad")
        self.assertIn("The end is missing", wizard.result)

    def test_a_file_that_is_none_is_refused_with_words(self):
        for text in (b"", b"{}", b"[1]", b"\xff", b'{"statement": "{}"}'):
            wizard = self.wizard("auditor")
            wizard.checkpoint_file = base64.b64encode(text or b" ")
            with self.assertRaisesRegex(UserError, "as it was exported"):
                wizard.action_verify()

    def test_nobody_else_verifies(self):
        user = self.make_user("no-verifier", "finance")
        with self.assertRaises(AccessError):
            self.env["construction.audit.verify"].with_user(user).action_open()
        self.assertTrue(
            self.env["construction.audit"].with_user(self.make_user("v2", "auditor"))
            .action_verify_dialog()
        )  # fmt: skip

    def test_a_checkpoint_by_button(self):
        self.append(2)
        with self.shared_cursors():
            self.wizard("auditor").action_checkpoint()
        head = read_head(self.env.cr, self.chain)
        self.assertEqual(
            self.env["construction.audit.checkpoint"].search([], limit=1).seal_number, head.number
        )
        self.patch(type(self.Seal), "_signer", lambda model: None)
        with self.assertRaisesRegex(UserError, "CONSTRUCTION_SYNC_AUDIT_KEY"):
            self.wizard("auditor").action_checkpoint()
