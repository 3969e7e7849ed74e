"""Queries of a change order of fifty lines, by event and by button. A guard against queries in
loops: with ten times the lines they hardly rise."""

from odoo.tests import TransactionCase, tagged

from .test_change_order_events import ChangeEventCase

MANY, FEW = 50, 5
MOST = {"submitted": 85, "executed": 155, "voided": 150, "buttons": 125}
PER_LINE = 0.2


@tagged("post_install", "-at_install")
class TestChangeOrderQueries(ChangeEventCase, TransactionCase):
    def given(self):
        super().given()
        self.process(
            self.approved(
                "BIG", 1, lines=[self.commitment_line(str(n), "1000.00") for n in range(MANY)]
            )
        )

    def big(self, fact, sequence, external_id, count, **over):
        lines = [
            self.line_data(f"L{n}", commitment="BIG", commitment_line_id=str(n),
                           markup=[{"kind": "fee", "percent": "10", "amount": "30.00"}])
            for n in range(count)
        ]  # fmt: skip
        return self.change_event(fact, sequence, external_id, lines=lines, **over)

    def count(self, act):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        act()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def applying(self, event):
        self.send(event)
        self.make_due()
        with self.shared_cursors():
            found = self.count(lambda: self.env["construction.drain"]._drain("critical"))
        self.assertEqual(self.state(event["id"]), "processed", self.issues(event["id"]).message)
        return found

    def both(self, act):
        """{number of lines: queries} after one run that fills the caches."""
        act("warm", FEW)
        return {count: act(f"n{count}", count) for count in (FEW, MANY)}

    def assertFlat(self, found, most):
        self.assertLessEqual(found[MANY], most, found)
        self.assertLessEqual((found[MANY] - found[FEW]) / (MANY - FEW), PER_LINE, found)

    def test_submitted(self):
        found = self.both(lambda name, n: self.applying(self.big("submitted", 1, name, n)))
        self.assertFlat(found, MOST["submitted"])

    def test_approved_and_executed(self):
        found = self.both(
            lambda name, n: self.applying(self.big("approved", 1, name, n, cost_status="executed"))
        )
        self.assertFlat(found, MOST["executed"])

    def test_voided(self):
        def act(name, n):
            self.process(self.big("approved", 1, name, n, cost_status="executed"))
            return self.applying(self.big("voided", 2, name, n))

        self.assertFlat(self.both(act), MOST["voided"])

    def test_the_buttons(self):
        manager = self.make_user("co-queries", "project_manager")

        def act(name, n):
            self.process(self.big("submitted", 1, name, n))
            change = self.change(name).with_user(manager)
            approve = self.count(change.action_release)
            execute = self.count(change.action_cost_executed)
            self.assertEqual(self.standing(name), "approved executed executed submitted")
            return approve + execute

        self.assertFlat(self.both(act), MOST["buttons"])
