"""Rows of the audit, their seals and the verifier, for the tests of the trail."""

from ..audit_reader import verify
from .common import SyncCase


class SealCase(SyncCase):
    def given(self):
        super().given()
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
