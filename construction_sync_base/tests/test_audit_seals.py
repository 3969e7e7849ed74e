"""Seals of the audit on real tables: everything committed gets one, every change is found."""

import base64
import os
import random
import tempfile
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, tagged

from ..audit_reader import read_head, read_rows, verify
from ..lib import sealing
from .common import SyncCase


class SealCase(SyncCase):
    def setUp(self):
        super().setUp()
        self.Seal = self.env["construction.audit.seal"]
        self.chain = self.company.id
        self.publics = self.Seal._publics()

    def append(self, rows, texts=0, company=None, action="tested"):
        """`rows` audit rows, the first `texts` of them with a detail; their ids."""
        self.env["construction.audit"]._insert(
            [
                ((company or self.company).id, "res.company", next(self.numbers), action, None,
                 f"Jürgen {number}" if number < texts else None)
                for number in range(rows)
            ]
        )  # fmt: skip
        self.env.cr.execute("SELECT id FROM construction_audit ORDER BY id DESC LIMIT %s", (rows,))
        return sorted(row[0] for row in self.env.cr.fetchall())

    def seal(self, most=None):
        if most:
            return self.Seal._seal_batch(most)
        with self.shared_cursors():
            return self.Seal._seal()

    def verify(self, **options):
        found = verify(self.env.cr, self.publics, **options)
        again = verify(self.env.cr, self.publics, recompute=True, **options)
        self.assertEqual(found, again, "the database and Python hash alike")
        return found

    def sql(self, query, *params):
        self.env.cr.execute(query, params)
        return self.env.cr.fetchall() if self.env.cr.description else None


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
class TestMutations(SealCase, TransactionCase):
    """1,000 changes by SQL behind the triggers' back, each in a savepoint of its own."""

    def setUp(self):
        super().setUp()
        # the trail of one company, made here: the rest of the database is not touched
        self.random = random.Random(20260302)
        self.rows = []
        for _round in range(6):
            self.rows += self.append(8, texts=3)
            late = self.rows[-2:]
            self.sql("DELETE FROM construction_audit_unsealed WHERE audit_id = ANY(%s)", late)
            self.seal()
            self.sql("INSERT INTO construction_audit_unsealed SELECT unnest(%s)", late)
        self.seal()
        checkpoint = self.env["construction.audit.checkpoint"]._issue([self.chain])
        self.exported = [sealing.read_checkpoint(self.text_of(checkpoint), self.publics)]
        self.waiting = self.append(3, texts=1)
        self.sealed = sorted(set(self.rows))
        for table in ("", "_detail", "_leaf", "_seal", "_checkpoint"):
            self.env.cr.execute(f"ALTER TABLE construction_audit{table} DISABLE TRIGGER USER")
        self.env.cr.execute(
            "ALTER TABLE construction_audit_detail"
            " DROP CONSTRAINT construction_audit_detail_audit_id_fkey"
        )

    def text_of(self, checkpoint):
        return sealing.checkpoint_file(
            checkpoint.statement, checkpoint.signature, checkpoint.public_key
        )

    # ------------------------------------------------------------ mutations
    def one(self):
        return self.random.choice(self.sealed)

    def flip_row(self):
        row = self.one()
        column, value = self.random.choice(
            [("company_id", "NULL"), ("model", "model || ' '"), ("res_id", "res_id + 1"),
             ("action", "upper(action)"), ("actor_id", "1 + (actor_id = 1)::int"),
             ("event_id", "(SELECT COALESCE(min(id), 0) FROM construction_event)"),
             ("at", "at + interval '1 microsecond'"), ("text_digest", "repeat('a', 64)")]
        )  # fmt: skip
        if column == "event_id" and not self.sql("SELECT 1 FROM construction_event LIMIT 1"):
            column, value = "res_id", "NULL"
        self.sql(f"UPDATE construction_audit SET {column} = {value} WHERE id = %s", row)
        return row

    def flip_id(self):
        row = self.one()
        self.sql("UPDATE construction_audit SET id = 2000000000 WHERE id = %s", row)
        return row

    def flip_detail(self):
        (row,) = self.random.choice(
            self.sql("SELECT audit_id FROM construction_audit_detail WHERE audit_id = ANY(%s)",
                     self.sealed)
        )  # fmt: skip
        change = self.random.choice(
            ["UPDATE construction_audit_detail SET text = text || ' '",
             "UPDATE construction_audit_detail SET salt = '\\x00'",
             "UPDATE construction_audit_detail SET text = NULL, salt = NULL",
             "UPDATE construction_audit_detail SET audit_id = 2000000000",
             "DELETE FROM construction_audit_detail"]
        )  # fmt: skip
        self.sql(f"{change} WHERE audit_id = %s", row)
        return row

    def flip_leaf(self):
        row = self.one()
        change = self.random.choice(
            ["hash = sha256('x')", "number = number + 1", "chain = chain + 1",
             "audit_id = 2000000000"]
        )  # fmt: skip
        self.sql(f"UPDATE construction_audit_leaf SET {change} WHERE audit_id = %s", row)
        return row

    def flip_seal(self):
        seal = self.random.choice(self.Seal.search([("company_id", "=", self.chain)]))
        change = self.random.choice(
            ["number = 1000000", "covers = '{[1,2)}'", "row_count = row_count + 1",
             "root = repeat('0', 64)", "first_at = first_at - interval '1 microsecond'",
             "last_at = NULL", "sealed_at = sealed_at - interval '1 day'", "key_id = NULL",
             "previous = repeat('0', 63) || '1'", "hash = repeat('1', 64)",
             "signature = reverse(signature)", "signature = NULL",
             "company_id = (SELECT max(id) FROM res_company) - company_id"]
        )  # fmt: skip
        self.sql("SET CONSTRAINTS ALL DEFERRED")
        if change.startswith("company_id"):
            change = "company_id = NULL, number = number + 1000"
        self.sql(f"UPDATE construction_audit_seal SET {change} WHERE id = %s", seal.id)
        return None

    def flip_checkpoint(self):
        change = self.random.choice(
            ["statement = replace(statement, 'rows', 'sows')", "signature = reverse(signature)",
             "seal_number = seal_number - 1", "row_count = 1", "company_id = NULL",
             "public_key = signature"]
        )  # fmt: skip
        self.sql(f"UPDATE construction_audit_checkpoint SET {change}")
        return None

    def delete_row(self):
        row = self.one()
        self.sql("DELETE FROM construction_audit WHERE id = %s", row)
        return row

    def delete_row_and_leaf(self):
        row = self.delete_row()
        self.sql("DELETE FROM construction_audit_leaf WHERE audit_id = %s", row)
        self.sql("DELETE FROM construction_audit_detail WHERE audit_id = %s", row)
        return row

    def delete_waiting(self):
        row = self.random.choice(self.waiting)
        self.sql("DELETE FROM construction_audit WHERE id = %s", row)
        return row

    def hide_waiting(self):
        row = self.random.choice(self.waiting)
        self.sql("DELETE FROM construction_audit_unsealed WHERE audit_id = %s", row)
        return row

    def insert_forged(self):
        self.sql(
            "INSERT INTO construction_audit (company_id, model, res_id, action, actor_id, at)"
            " VALUES (%s, 'res.company', 1, 'tested', 1, '2020-01-01')", self.chain
        )  # fmt: skip
        ((row,),) = self.sql("SELECT max(id) FROM construction_audit")
        return row

    def insert_forged_with_leaf(self):
        row = self.insert_forged()
        self.sql(
            "INSERT INTO construction_audit_leaf (audit_id, chain, number, hash)"
            " SELECT %s, chain, number, hash FROM construction_audit_leaf WHERE audit_id = %s",
            row, self.one(),
        )  # fmt: skip
        self.rehash(row)
        return row

    def swap_rows(self):
        one, other = self.random.sample(self.sealed, 2)
        for before, after in ((one, 2000000000), (other, one), (2000000000, other)):
            self.sql("UPDATE construction_audit SET id = %s WHERE id = %s", after, before)
        return min(one, other)

    def swap_seals(self):
        seals = self.Seal.search([("company_id", "=", self.chain)])
        one, other = self.random.sample(list(seals), 2)
        numbers = one.number, other.number
        for seal, number in ((one, 1000000), (other, numbers[0]), (one, numbers[1])):
            self.sql("UPDATE construction_audit_seal SET number = %s WHERE id = %s",
                     number, seal.id)  # fmt: skip
        return None

    def drop_seal(self):
        seal = self.random.choice(self.Seal.search([("company_id", "=", self.chain)]))
        self.sql("DELETE FROM construction_audit_seal WHERE id = %s", seal.id)
        return None

    def rehash(self, row):
        for facts in list(read_rows(self.env.cr)):
            if facts.id == row:
                self.sql("UPDATE construction_audit_leaf SET hash = %s WHERE audit_id = %s",
                         sealing.leaf(facts.row), row)  # fmt: skip

    def change_and_rehash(self):
        row = self.one()
        self.sql("UPDATE construction_audit SET action = 'forged' WHERE id = %s", row)
        self.rehash(row)
        return row

    def recompute(self):
        """Row, hash and all seals from there on, with another key or none."""
        row = self.change_and_rehash()
        self.reseal(row)
        return row

    def reseal(self, row):
        ((start,),) = self.sql(
            "SELECT number FROM construction_audit_leaf WHERE audit_id = %s", row
        )
        key = self.random.choice([None, sealing.Signer(sealing.Signer.new_key())])
        batches = self.sql(
            "SELECT s.covers, s.row_count, encode(sha256(string_agg(l.hash, '' ORDER BY"
            " l.audit_id)), 'hex'), s.first_at, s.last_at FROM construction_audit_seal s"
            " JOIN construction_audit_leaf l ON l.chain = s.company_id AND l.number = s.number"
            " WHERE s.company_id = %s AND s.number >= %s GROUP BY s.id ORDER BY s.number",
            self.chain, start,
        )  # fmt: skip
        self.sql("DELETE FROM construction_audit_seal WHERE company_id = %s AND number >= %s",
                 self.chain, start)  # fmt: skip
        own = type(self.Seal)._signer
        type(self.Seal)._signer = lambda model: key
        try:
            for covers, rows, root, first_at, last_at in batches:
                self.Seal._append(self.chain, covers=covers, rows=rows, root=root,
                                  first_at=first_at, last_at=last_at)  # fmt: skip
        finally:
            type(self.Seal)._signer = own

    def cut_tail(self):
        """Everything of the end, the checkpoint in the database too: the exported one tells."""
        ((last,),) = self.sql(
            "SELECT max(number) FROM construction_audit_seal WHERE company_id = %s", self.chain
        )
        keep = self.random.randrange(last - 3, last)
        gone = "(SELECT audit_id FROM construction_audit_leaf WHERE chain = %s AND number > %s)"
        for table, column in (("_detail", "audit_id"), ("", "id")):
            self.sql(f"DELETE FROM construction_audit{table} WHERE {column} IN {gone}",
                     self.chain, keep)  # fmt: skip
        self.sql("DELETE FROM construction_audit_leaf WHERE chain = %s AND number > %s",
                 self.chain, keep)  # fmt: skip
        self.sql("DELETE FROM construction_audit_seal WHERE company_id = %s AND number > %s",
                 self.chain, keep)  # fmt: skip
        self.sql("DELETE FROM construction_audit WHERE id IN"
                 " (SELECT audit_id FROM construction_audit_unsealed)")  # fmt: skip
        self.sql("DELETE FROM construction_audit_detail WHERE audit_id = ANY(%s)", self.waiting)
        self.sql("DELETE FROM construction_audit_unsealed")
        self.sql("DELETE FROM construction_audit_checkpoint")
        return None

    def test_a_thousand_mutations(self):
        """0 false negatives, 0 false positives; the row is named where it can be."""
        self.assertFalse(self.verify(checkpoints=self.exported), "0 false positives at the start")
        mutations = (
            [self.flip_row] * 6 + [self.flip_detail] * 3 + [self.flip_leaf, self.flip_seal] * 2
            + [self.flip_checkpoint, self.flip_id, self.delete_row, self.delete_row_and_leaf,
               self.delete_waiting, self.hide_waiting, self.insert_forged,
               self.insert_forged_with_leaf, self.swap_rows, self.swap_seals, self.drop_seal,
               self.change_and_rehash, self.recompute, self.cut_tail]
        )  # fmt: skip
        missed, wrong = [], []
        for number in range(1000):
            mutate = mutations[number % len(mutations)]
            savepoint = self.env.cr.savepoint()
            row = mutate()
            found = verify(self.env.cr, self.publics, self.exported, recompute=number % 10 == 0)
            if not found or (row is not None and found[0].row > row):
                missed.append((number, mutate.__name__, row, found[:3]))
            savepoint.rollback()
            savepoint.close(rollback=False)
            self.env.invalidate_all()
            if number % 20 == 0 and self.verify(checkpoints=self.exported):
                wrong.append(number)
        self.assertFalse(missed, missed[:5])
        self.assertFalse(wrong, "0 false positives")

    def test_the_very_row_is_named(self):
        for mutate in (
            self.flip_row, self.flip_detail, self.delete_row, self.delete_row_and_leaf,
            self.delete_waiting, self.hide_waiting, self.swap_rows, self.insert_forged,
        ):  # fmt: skip
            for _time in range(10):
                savepoint = self.env.cr.savepoint()
                row = mutate()
                found = self.verify(checkpoints=self.exported)
                self.assertEqual(found[0].row, row, (mutate.__name__, found[:3]))
                savepoint.rollback()
                savepoint.close(rollback=False)


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
