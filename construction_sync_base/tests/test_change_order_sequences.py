"""Any sequence of submit, approve, execute, reject, void, bill and replay ends with the same
books as what is executed then."""

import random

from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged

from ..lib import change_order as machine
from .test_change_order_events import ChangeEventCase

STEPS = 45


@tagged("post_install", "-at_install")
class TestSequences(ChangeEventCase, TransactionCase):
    def setUp(self):
        super().setUp()
        self.manager = self.make_user("seq-manager", "project_manager")
        self.random = random.Random(20260401)
        self.sequence = 10
        self.sent = []

    # ---------------------------------------------------------------- steps
    def send_version(self):
        self.sequence += 1
        lines = [
            self.line_data("A", str(self.random.choice([-300, 150, 300]))),
            self.line_data("B", "80", commitment_line_id=None, cost_code="05-120"),
        ]
        claims = {
            f"{side}_status": self.random.choice([*machine.STATUSES[:-1]])
            for side in machine.SIDES
            if self.random.random() < 0.5
        }
        event = self.change_event(
            self.random.choice(machine.FACTS),
            self.sequence,
            lines=lines[: self.random.choice([1, 2])],
            **claims,
        )
        self.sent.append(event)
        self.apply(event)
        self.assertEqual(self.state(event["id"]), "processed", self.issues(event["id"]).message)

    def replay(self):
        if self.sent:
            event = self.random.choice(self.sent)
            self.apply(dict(event, id=f"{event['id']}-{self.unique()}"))

    def press(self):
        change = self.change()
        name = self.random.choice(
            ["cost_executed", "cost_void", "cost_offered", "revenue_executed", "revenue_refused",
             "cost_refused", "submit", "release", "try_again", "void", "reject"]
        )  # fmt: skip
        try:
            with self.env.cr.savepoint():
                act = getattr(change.with_user(self.manager), f"action_{name}")
                act(*(["why"] if name in ("void", "reject") else []))
        except UserError:
            return

    def new_commitment(self):
        self.sequence += 1
        amount = self.random.choice(["900.00", "1000.00", "1200.00"])
        self.apply(
            self.version(
                self.sequence,
                self.commitment_line("1", amount),
                self.commitment_line("2", "500.00"),
            )
        )

    # ----------------------------------------------------------------- check
    def assertTied(self, step):
        change, order = self.change(), self.order
        change.invalidate_recordset()
        order.invalidate_recordset()
        standing = change._standing()
        self.assertFalse(machine.faults(standing), step)
        self.assertEqual(machine.settle(standing), standing, step)
        executed = [line for line in change.line_ids if line.applied_amount]
        self.assertEqual(bool(executed), standing.cost == "executed", f"{step} {standing}")
        applied = sum(line.applied_amount for line in change.line_ids)
        self.assertEqual(order.approved_change_amount, applied, step)
        self.assertEqual(order.revised_amount, order.original_amount + applied, step)
        budgeted = sum(line.applied_budget_amount for line in change.line_ids)
        self.assertEqual(bool(budgeted), standing.budget == "executed", f"{step} {standing}")
        pending = change.cost_amount if standing.cost in ("submitted", "approved") else 0
        self.assertEqual(order.pending_change_amount, pending, step)
        self.assertBooks(
            budget=200000 + budgeted,
            committed=order.revised_amount,
            pending=pending,
            exposure=change.at_risk_amount,
        )
        self.env.flush_all()
        self.env.cr.execute("SET CONSTRAINTS ALL IMMEDIATE")
        self.env.cr.execute("SET CONSTRAINTS ALL DEFERRED")

    def test_any_sequence(self):
        self.send_version()
        seen = set()
        for number in range(STEPS):
            act = self.random.choice(
                [self.send_version, self.press, self.press, self.press, self.replay,
                 self.new_commitment]
            )  # fmt: skip
            act()
            seen.add(self.change().state)
            self.assertTied(f"step {number}: {act.__name__}")
            if number == STEPS // 2:
                self.bill(self.order, 700, 0)
        self.assertGreater(len(seen), 3, "the sequence went nowhere")

    def test_the_same_end_by_another_way(self):
        """Void, approve again, execute twice, replay: the books of doing it right once."""
        once = self.change_event("executed", 1, "ONCE", cost_status="executed",
                                 revenue_status="executed")  # fmt: skip
        self.process(once)
        right = self.totals(), self.lines()
        self.process(self.change_event("voided", 2, "ONCE"))
        detour = [
            self.change_event("approved", 1),
            self.change_event("executed", 2, cost_status="executed"),
            self.change_event("voided", 3),
            self.change_event("submitted", 4),
            self.change_event("approved", 5, cost_status="executed"),
            self.change_event("rejected", 6),
            self.change_event("executed", 7, cost_status="executed", revenue_status="executed"),
        ]
        self.process(*detour[:1])
        for event in [*detour[1:], *detour]:
            self.apply(event)
        self.assertEqual((self.totals(), self.lines()), right)
