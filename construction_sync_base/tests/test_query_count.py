"""Queries per applied event, whole pipeline: claim, handlers, bindings, audit, states."""

from odoo.tests import TransactionCase, tagged

from .common import SyncCase

BATCH = 50
LINES = 10


@tagged("post_install", "-at_install")
class TestQueryCount(SyncCase, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.codes = [f"03-{number}" for number in range(100, 100 + LINES)]

    def queries(self, events):
        """Queries of one drain over `events`, per event."""
        self.send(*events)
        self.make_due()
        self.env.flush_all()
        self.env.invalidate_all()
        with self.shared_cursors():
            before = self.env.cr.sql_log_count
            self.env["construction.drain"]._drain("standard")
            count = self.env.cr.sql_log_count - before
        for event in events:
            self.assertEqual(self.state(event["id"]), "processed", self.issues(event["id"]).mapped("message"))
        return count / len(events)

    def test_commitments(self):
        self.setup_job(codes=self.codes, budget="10000000.00")
        self.queries([self.commitment("warm")])
        per_event = self.queries([self.commitment(f"C{n}") for n in range(BATCH)])
        print("commitment", per_event)
        self.assertLessEqual(per_event, 20)

    def commitment(self, external_id):
        lines = [
            self.commitment_line(str(number), "1000.00", cost_code=code)
            for number, code in enumerate(self.codes)
        ]
        data = self.commitment_data(external_id, lines=lines)
        return self.event("commitment.approved", data=data, sequence=1)
