"""Whatever happens to a budget, in any order: two computations give the same figures, no
change counts twice, no transfer changes the sum, and the baseline stays."""

import random
from datetime import date, timedelta
from decimal import Decimal

from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged

from ..lib import budget_versions, money
from .budgets import BudgetCase

START = date(2026, 1, 1)
STEPS = 18


@tagged("post_install", "-at_install")
class TestBudgetInvariants(BudgetCase, TransactionCase):
    def setUp(self):
        super().setUp()
        self.places = [
            (code, kind)
            for code in (self.code, self.other_code)
            for kind in (self.material, self.subcontract)
        ]
        self.moments = {self.first.id: 0}  # order of approval; the clock has seconds only
        self.done = set()

    # ------------------------------------------------- the second computation
    def versions(self):
        budgets = self.env["construction.budget"].search(
            [("job_id", "=", self.job.id), ("approved_on", "!=", False)]
        )
        return [
            budget_versions.Version(
                self.moments[budget.id],
                budget.effective_on or budget.approved_on.date(),
                self.amounts(budget.line_ids),
                frozenset(budget.contained_change_ids.ids),
            )
            for budget in budgets
        ]

    def changes(self):
        return [
            budget_versions.Change(change.id, change.date, self.amounts(change.line_ids))
            for change in self.job.budget_change_ids
            if change.approved_on
        ]

    def amounts(self, lines):
        total = {}
        for line in lines:
            key = line._key()
            total[key] = total.get(key, Decimal(0)) + money.from_float(line.amount, 2)
        return total

    def assertTwiceTheSame(self, day=None):
        cost = self.env["construction.job.cost"]
        self.env.invalidate_all()
        by_sql = cost._budget_as_of(self.job, day) if day else cost._positions(self.job)
        by_hand = budget_versions.figures(self.versions(), self.changes(), day)
        found = {
            key: (each["original"], each["changes"], each["budget"]) for key, each in by_sql.items()
        }
        wanted = {key: (each.original, each.changes, each.revised) for key, each in by_hand.items()}
        nothing = (0, 0, 0)
        for key in found.keys() | wanted.keys():
            self.assertEqual(found.get(key, nothing), wanted.get(key, nothing), (day, key))
        return sum(each.revised for each in by_hand.values())

    def assertLinesAddUp(self):
        """The lines of the version in force show their part, the form the rest."""
        budget = self.job.budget_id
        by_hand = budget_versions.figures(self.versions(), self.changes())
        listed = {line._key() for line in budget.line_ids}
        for keys, shown in (
            (listed, sum(budget.line_ids.mapped("revised_amount"))),
            (by_hand.keys() - listed, budget.unlisted_amount),
        ):
            wanted = sum(by_hand[key].revised for key in keys)
            self.assertAlmostEqual(shown, float(wanted), 2)

    # ------------------------------------------------------------ what happens
    def some(self, rng):
        return rng.randint(-20000, 50000) / 100

    def revise(self, rng):
        rows = [(*place, self.some(rng)) for place in rng.sample(self.places, rng.randint(1, 3))]
        change = self.change(*rows, date=self.day(rng), approve=True)
        return money.from_float(change.amount_total, 2)

    def move(self, rng):
        one, other = rng.sample(self.places, 2)
        amount = self.some(rng)
        self.change(
            (*one, -amount), (*other, amount), kind="transfer", date=self.day(rng), approve=True
        )
        return Decimal(0)

    def undo(self, rng):
        standing = self.job.budget_change_ids.filtered(
            lambda change: change.state == "approved" and not change.voids_id
        )
        if not standing:
            return Decimal(0)
        change = rng.choice(list(standing))
        change._void("undone", max(change.date, self.day(rng)))
        return -money.from_float(change.amount_total, 2)

    def bring(self, rng):
        """A change order's own change, told twice."""
        source = self.env["res.partner"].create({"name": "Change order"})
        amount = self.some(rng)
        values = {
            "job_id": self.job.id,
            "reason": "Change order",
            "date": self.day(rng),
            "line_ids": [(0, 0, self.line_values(*rng.choice(self.places), amount))],
        }
        Change = self.env["construction.budget.change"]
        self.assertEqual(Change._approve_from(source, values), Change._approve_from(source, values))
        return money.from_float(amount, 2)

    def renew(self, rng):
        """A new version, original or current with some of the changes in it."""
        rows = [(*place, abs(self.some(rng))) for place in self.places]
        values = {"effective_on": self.day(rng)}
        if rng.random() < 0.5:
            known = self.job.budget_change_ids.mapped("number")
            named = rng.sample(known, min(len(known), 3))
            values |= {"basis": "current", "includes_changes": ", ".join([*named, "BC-999"])}
        version = self.version(*rows, **values)
        version.action_approve()
        self.moments[version.id] = len(self.moments)
        return None

    def fail(self, rng):
        """What is refused leaves nothing behind."""
        change = self.change((*self.places[0], 1.0), kind="transfer")
        with self.assertRaises(UserError), self.cr.savepoint():
            change.action_approve()
        change.unlink()
        return Decimal(0)

    def day(self, rng):
        return START + timedelta(rng.randint(0, 90))

    # ------------------------------------------------------------------- tests
    def test_any_sequence(self):
        self.cr.execute(
            "UPDATE construction_budget SET effective_on = %s WHERE id = %s",
            (START, self.first.id),
        )
        acts = (self.revise, self.move, self.undo, self.bring, self.renew, self.fail)
        for seed in (3, 19, 2026):
            rng = random.Random(seed)
            total = self.assertTwiceTheSame()
            for _step in range(STEPS):
                act = rng.choice(acts)
                moved = act(rng)
                now = self.assertTwiceTheSame()
                if moved is not None:
                    self.assertEqual(now, total + moved, act.__name__)
                total = now
                self.done.add(act.__name__)
                self.assertEqual(self.job.job_baseline_amount, 1700)
                self.assertLinesAddUp()
            for day in range(-1, 92, 13):
                self.assertTwiceTheSame(START + timedelta(day))
        self.assertEqual(len(self.done), len(acts), "every kind of act has happened")
