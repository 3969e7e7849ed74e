"""Every change behind the back of the audit is found, on real tables."""

import random

from odoo.tests import TransactionCase, tagged

from ..audit_reader import read_rows, verify
from ..lib import sealing
from .seals import SealCase


@tagged("post_install", "-at_install")
class TestMutations(SealCase, TransactionCase):
    """1,000 changes by SQL behind the triggers' back, each in a savepoint of its own."""

    def given(self):
        super().given()
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
