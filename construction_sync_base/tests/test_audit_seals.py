"""Seals of the audit on real tables: everything committed gets one, and checkpoints leave
the database."""

import base64
import os
import tempfile
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

from odoo import fields
from odoo.tests import TransactionCase, tagged

from ..audit_reader import read_head, read_rows, verify
from ..lib import sealing
from .seals import SealCase


@tagged("post_install", "-at_install")
class TestSeals(SealCase, TransactionCase):
    def test_a_drain_seals_what_it_wrote(self):
        (event,) = self.process(self.event("platform.pinged", subject="seal/1"))
        row = self.env["construction.audit"].search([("event_id", "=", event.id)])
        self.assertTrue(row.sealed)
        head = read_head(self.env.cr, self.chain)
        self.assertIn(row.id, sealing.span_ids(head.covers))
        self.assertEqual(self.Seal._health()["waiting"], 0)
        self.assertFalse(self.verify())

    def test_late_rows_join_a_later_seal(self):
        """Commit order is not id order: a transaction that commits late is not skipped."""
        early, late = self.append(4)[:2], self.append(1)
        self.sql("DELETE FROM construction_audit_unsealed WHERE audit_id = ANY(%s)", early)
        self.seal()
        self.assertNotIn(early[0], sealing.span_ids(read_head(self.env.cr, self.chain).covers))
        self.sql("INSERT INTO construction_audit_unsealed SELECT unnest(%s)", early)
        self.assertEqual(self.seal(), 2)
        head = read_head(self.env.cr, self.chain)
        self.assertEqual(sealing.span_ids(head.covers), set(early))
        self.assertGreater(late[0], head.last_id)
        self.assertFalse(self.verify())

    def test_a_chain_per_company_in_batches(self):
        other = self.env["res.company"].create({"name": "Sealed apart"})
        self.append(5), self.append(3, company=other), self.append(2, texts=2)
        self.seal()
        before = read_head(self.env.cr, self.chain).number
        self.assertEqual(read_head(self.env.cr, other.id).number, 1)
        self.append(5), self.append(3, company=other)
        self.assertEqual([self.seal(most=4), self.seal(most=4), self.seal(most=4)], [4, 4, 0])
        self.assertGreater(read_head(self.env.cr, self.chain).number, before)
        self.assertFalse(self.verify())

    def test_the_unsealed_window_is_visible(self):
        self.seal()
        self.append(3)
        health = self.Seal._health()
        self.assertEqual((health["waiting"], bool(health["oldest"])), (3, True))
        self.assertFalse(self.verify(), "what waits is not wrong")
        self.seal()
        self.assertEqual(self.Seal._health()["waiting"], 0)

    def test_without_a_key_rows_are_sealed_but_not_vouched_for(self):
        self.patch(type(self.Seal), "_signer", lambda model: None)
        self.append(2)
        self.seal()
        self.assertEqual(verify(self.env.cr, self.publics)[0].kind, "unsigned")
        self.assertFalse(verify(self.env.cr))
        self.assertFalse(self.env["construction.audit.checkpoint"]._issue([self.chain]))

    def test_rows_are_hashed_as_the_library_does(self):
        ids = self.append(3, texts=2)
        self.env["construction.audit"]._record(
            self.company, 'quote " back \\ \x01\x1f\x7f\n é e\u0301 \U0001f600', {"a": "ü\n"}
        )
        self.seal()
        seen = 0
        for facts in read_rows(self.env.cr):
            if facts.leaf:
                self.assertEqual(sealing.leaf(facts.row), facts.leaf)
                seen += 1
        self.assertGreater(seen, len(ids))
        self.assertFalse(self.verify())


@tagged("post_install", "-at_install")
class TestCheckpoints(SealCase, TransactionCase):
    def test_one_an_hour_or_every_thousand_rows(self):
        Checkpoint = self.env["construction.audit.checkpoint"]
        self.append(2), self.seal()
        Checkpoint._issue_due()
        self.assertFalse(Checkpoint._issue_due(), "nothing new")
        self.append(2), self.seal()
        self.assertFalse(Checkpoint._issue_due(), "not an hour yet")
        self.append(1000), self.seal()
        issued = Checkpoint._issue_due()
        self.assertEqual(issued.company_id, self.company)
        self.env.cr.execute("ALTER TABLE construction_audit_checkpoint DISABLE TRIGGER USER")
        earlier = fields.Datetime.now() - timedelta(hours=2)
        self.sql("UPDATE construction_audit_checkpoint SET at = %s", earlier)
        self.assertFalse(Checkpoint._issue_due(), "old, but nothing new")
        self.append(1), self.seal()
        self.assertEqual(len(Checkpoint._issue_due()), 1)

    def test_written_to_the_folder_and_read_back(self):
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.enterContext(patch.dict(os.environ, {"CONSTRUCTION_SYNC_AUDIT_FOLDER": str(folder)}))
        self.append(2), self.seal()
        checkpoint = self.env["construction.audit.checkpoint"]._issue([self.chain])
        self.assertTrue(checkpoint.exported)
        (path,) = folder.glob("*.json")
        known = sealing.read_checkpoint(path.read_text(), self.publics)
        head = read_head(self.env.cr, self.chain)
        self.assertEqual((known["seal"], known["hash"]), (head.number, head.hash))
        self.assertEqual(base64.b64decode(checkpoint.file).decode(), path.read_text())
        self.assertFalse(self.env["construction.audit.checkpoint"]._issue([self.chain]), "again")

    def test_a_folder_that_is_gone_stops_nothing(self):
        self.enterContext(
            patch.dict(os.environ, {"CONSTRUCTION_SYNC_AUDIT_FOLDER": "/nowhere/at/all"})
        )
        self.append(2), self.seal()
        with self.assertLogs("odoo.addons.construction_sync_base", "ERROR"):
            checkpoint = self.env["construction.audit.checkpoint"]._issue([self.chain])
        self.assertTrue(checkpoint)
        self.assertFalse(checkpoint.exported)
