"""accrual.proposed: a draft that Finance releases; newer versions, replays and what parks."""

from datetime import date

from dateutil.relativedelta import relativedelta
from odoo.tests import TransactionCase, tagged

from .domain import DomainCase


@tagged("post_install", "-at_install")
class TestAccrualEvents(DomainCase, TransactionCase):
    def given(self):
        super().given()
        owed = self.env["account.account"].create(
            {"code": "209981", "name": "Accrued cost", "reconcile": True,
             "account_type": "liability_current", "company_ids": self.company.ids}
        )  # fmt: skip
        rows = self.env["construction.account.map"].search([("company_id", "=", self.company.id)])
        rows.accrual_account_id = owed
        self.finance = self.make_user("accrual-event-finance", "finance")
        self.site = self.setup_job()
        order = self.commitment_data("C1", lines=[self.commitment_line(amount="10000.00")])
        self.process(self.event("commitment.approved", data=order, sequence=1))
        self.ordered = self.bound("commitment", "C1").order_line

    def data(self, amount="3000.00", **over):
        line = {"line_id": "1", "cost_code": "03-300", "cost_type": "material", "amount": amount,
                "commitment": "C1", "commitment_line_id": "1"}  # fmt: skip
        return {
            "external_id": "A1", "job": "J1", "month": "2026-05", "reverses_on": "2026-06-01",
            "currency": self.company.currency_id.name, "kind": "work_not_billed",
            "lines": [line | over.pop("line", {})], **over,
        }  # fmt: skip

    def propose(self, sequence=1, amount="3000.00", **over):
        event = self.event("accrual.proposed", data=self.data(amount, **over), sequence=sequence)
        self.apply(event)
        return event["id"]

    def accruals(self):
        self.env.invalidate_all()
        return self.env["construction.accrual"].search([], order="id")

    def release(self):
        waiting = self.accruals().filtered(lambda accrual: accrual.release_state == "to_release")
        waiting.with_user(self.finance).action_release()

    def booked(self, month):
        """Cost that the ledger shows in a month."""
        items = self.env["account.move.line"].search(
            [("accrual_line_id", "!=", False), ("parent_state", "=", "posted")]
        )
        items = items.filtered(lambda item: str(item.date)[:7] == month)
        return round(sum(items.mapped("balance")), 2)

    def assertParked(self, event_id, category, words):
        self.assertEqual(self.state(event_id), "parked")
        issue = self.issues(event_id)
        self.assertEqual(issue.category, category)
        self.assertRegex(issue.message, words)

    def test_a_draft_for_finance(self):
        self.propose()
        accrual = self.accruals()
        self.assertEqual((accrual.release_state, accrual.kind), ("to_release", "work_not_billed"))
        self.assertEqual((str(accrual.date), accrual.from_platform), ("2026-05-31", True))
        self.assertEqual(accrual.line_ids.purchase_line_id, self.ordered)
        self.assertFalse(accrual.move_id, "nothing is booked by an event")
        self.release()
        self.assertEqual((self.booked("2026-05"), self.booked("2026-06")), (3000, -3000))

    def test_a_replay_changes_nothing(self):
        self.propose()
        self.propose(2)
        self.assertEqual(len(self.accruals()), 1)
        requested = self.accruals().release_requested_at
        self.release()
        self.propose(3)
        accrual = self.accruals()
        self.assertEqual((len(accrual), accrual.state), (1, "posted"))
        self.assertEqual(accrual.release_requested_at, requested)
        self.assertEqual(self.booked("2026-05"), 3000)

    def test_a_newer_version_replaces_what_is_not_released(self):
        self.propose()
        self.propose(2, "4000.00")
        accrual = self.accruals()
        self.assertEqual((accrual.amount_total, accrual.release_state), (4000, "to_release"))
        accrual.with_user(self.finance).action_return("Too much")
        self.propose(3, "3500.00")
        self.assertEqual((accrual.amount_total, accrual.release_state), (3500, "to_release"))
        self.assertEqual(self.accruals(), accrual)

    def test_a_released_one_is_taken_back_by_the_release_of_its_successor(self):
        self.propose()
        self.release()
        self.propose(2, "8000.00")  # more than is open beside the old one, not without it
        old, new = self.accruals()
        self.assertEqual((old.state, new.replaces_id, new.state), ("posted", old, "draft"))
        self.assertEqual(self.booked("2026-05"), 3000, "nothing moves before the release")
        self.assertIn(old.number, new.release_effect)
        self.propose(3, "7000.00")  # meets the draft
        self.assertEqual(len(self.accruals()), 2)
        self.release()
        self.assertEqual((old.state, new.state), ("replaced", "posted"))
        self.assertEqual((self.booked("2026-05"), self.booked("2026-06")), (7000, -7000))
        lines = (old.move_id | old.reversal_id).line_ids
        self.assertEqual(set(lines.mapped("parent_state")), {"posted"}, "they stay as they are")
        period = self.env["construction.period"].create({"month": "2026-05-01"})
        self.env.flush_all()
        cleared = self.env["construction.period.check"].search(
            [("period_id", "=", period.id), ("key", "=", "clearing")]
        )
        self.assertEqual(cleared.state, "done", "accrued cost is what is accrued for the month")
        self.propose(4, "100.00")
        self.assertEqual(self.accruals()[-1].replaces_id, new)

    def test_it_is_replaced_while_its_month_is_closed(self):
        self.propose()
        self.release()
        for month in ("2026-05-01", "2026-06-01"):
            self.env["construction.period"].create({"month": month})._go("accrue")
        self.propose(2, "8000.00")
        self.release()
        self.assertEqual((self.booked("2026-05"), self.booked("2026-06")), (8000, -8000))

    def undo(self, accrual):
        correction = self.env["construction.correction"]._propose(
            accrual, "void", "Mistake", str(accrual.date)
        )
        correction.with_user(self.finance).action_release()
        self.assertEqual(accrual.state, "undone")

    def test_what_was_undone_is_not_taken_back_again(self):
        self.propose()
        self.release()
        self.undo(self.accruals())
        self.assertEqual(self.booked("2026-05"), 0)
        self.assertParked(self.propose(2, "10000.01"), "matching", "10,000.01 is accrued")
        self.propose(3)  # the same once more: it is accrued anew
        self.release()
        self.assertEqual((self.booked("2026-05"), self.booked("2026-06")), (3000, -3000))
        self.propose(4, "8000.00")
        first, second, third = self.accruals()
        self.assertEqual((second.replaces_id.ids, third.replaces_id), ([], second))
        self.undo(second)  # while its successor waits
        self.assertNotIn("Takes back", third.release_effect)
        self.release()
        self.assertEqual((third.state, self.booked("2026-05")), ("posted", 8000))
        self.assertEqual({first.state, second.state}, {"undone"})

    def test_the_reversal_that_lies_ahead_of_a_replaced_one(self):
        month = date.today().replace(day=1)
        first = f"{month:%Y-%m}"
        days = {"month": first, "reverses_on": str(month + relativedelta(months=1))}
        self.propose(**days)
        self.release()
        self.propose(2, "500.00", **days)
        self.release()
        old, new = self.accruals()
        self.assertEqual((old.reversal_id.state, new.reversal_id.state), ("cancel", "draft"))
        self.assertEqual(self.booked(first), 500)

    def test_what_parks(self):
        for number, (category, words, over) in enumerate((
            ("schema", "taken back on 2026-06-01", {"reverses_on": "2026-06-02"}),
            ("unmapped_reference", "not known in Odoo", {"line": {"commitment": "C9"}}),
            ("unmapped_reference", "no line “7”", {"line": {"commitment_line_id": "7"}}),
            ("amount", "above 0", {"amount": "0.00"}),
            ("amount", "has to be in", {"currency": "EUR"}),
            ("matching", "10,000.01 is accrued.*10,000.00 is open", {"amount": "10000.01"}),
        )):  # fmt: skip
            with self.subTest(words):
                self.env.ref("base.EUR").active = True
                event = self.propose(external_id=f"P{number}", **over)
                self.assertParked(event, category, words)
        self.assertFalse(self.accruals())

    def test_coded_otherwise_than_its_commitment(self):
        self.process(self.event("cost_code.upserted", data=self.cost_code_data("05-500"),
                                sequence=1))  # fmt: skip
        event = self.propose(line={"cost_code": "05-500"})
        self.assertParked(event, "matching", "coded 05-500")
        self.propose(external_id="A2", line={"cost_code": "05-500", "commitment": None,
                                             "commitment_line_id": None})  # fmt: skip
        self.assertFalse(self.accruals().line_ids.purchase_line_id)

    def test_a_locked_month_and_what_comes_later(self):
        """It waits, whichever of its two months is locked, and goes on by itself."""
        for month in ("2026-05-01", "2026-06-01"):
            period = self.env["construction.period"].create({"month": month})
            while period.job_cost_state != "locked":
                period.with_user(self.finance).action_advance()
            event = self.propose(external_id=month)
            self.assertParked(event, "period_locked", "locked")
            period.with_user(self.finance).action_reopen("It came late")
            second = self.make_user(f"second-{month}", "finance")
            period.with_user(second).action_confirm_reopen()
            self.drain()
            self.assertEqual(self.state(event), "processed")
            self.accruals()[-1].with_user(self.finance).action_return("Not needed")

    def test_the_commitment_that_comes_later(self):
        event = self.propose(line={"commitment": "C2"})
        self.assertEqual(self.state(event), "parked")
        order = self.commitment_data("C2", lines=[self.commitment_line(amount="9000.00")])
        self.process(self.event("commitment.approved", data=order, sequence=1))
        self.drain()
        self.assertEqual(self.state(event), "processed")
        self.assertEqual(
            self.accruals().line_ids.purchase_line_id, self.bound("commitment", "C2").order_line
        )
