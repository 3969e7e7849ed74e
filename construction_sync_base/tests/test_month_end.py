"""The month-end checklist: each line opens with its fact, leads to it, and closes with it."""

from datetime import date
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import TransactionCase, tagged
from odoo.tools import SQL

from ..models.construction_period_check import Check
from .domain import DomainCase

MAY, JUNE = date(2026, 5, 1), date(2026, 6, 1)
IN_MAY, IN_JUNE = "2026-05-12", "2026-06-03"


class MonthEndCase(DomainCase):
    def given(self):
        super().given()
        self.finance = self.make_user("month-finance", "finance")
        self.controller = self.make_user("month-controller", "finance")
        self.pm = self.make_user("month-pm", "project_manager")
        self.owed = self.env["account.account"].create(
            {"code": "209971", "name": "Accrued cost", "reconcile": True,
             "account_type": "liability_current", "company_ids": self.company.ids}
        )  # fmt: skip
        rows = self.env["construction.account.map"].search([("company_id", "=", self.company.id)])
        rows.accrual_account_id = self.owed
        self.period = self.env["construction.period"].create({"month": MAY})
        self.job.write(self.running(JUNE))  # its forecast is asked for where a test wants it

    @staticmethod
    def running(since):
        return {"date_start": since, "date": date(2027, 12, 31)}

    def checks(self, period=None):
        """{key: row} of the checklist, as a screen reads it."""
        self.env.flush_all()
        self.env.invalidate_all()
        rows = self.env["construction.period.check"].search(
            [("period_id", "=", (period or self.period).id)]
        )
        return {row.key: row for row in rows}

    def assertOpen(self, key, documents, amount=0.0):
        """The line is open with these documents, and its button leads to them."""
        row = self.checks()[key]
        self.assertEqual(
            (key, row.state, row.documents, row.amount), (key, "open", len(documents), amount)
        )
        action = row.with_user(self.finance).action_open_documents()
        self.assertEqual(action["res_model"], documents._name)
        self.assertEqual(self.env[documents._name].search(action["domain"]), documents)
        self.assertTrue(row.who)

    def assertDone(self, *keys):
        rows = self.checks()
        self.assertEqual({key: rows[key].state for key in keys}, dict.fromkeys(keys, "done"))

    def accrual(self, line, month=MAY):
        return self.env["construction.accrual"].with_user(self.pm).create(
            {"month": month, "line_ids": [Command.create(line)]}
        )  # fmt: skip

    def coded(self, **values):
        return {"job_id": self.job.id, "cost_code_id": self.code.id,
                "cost_type_id": self.material.id, **values}  # fmt: skip


@tagged("post_install", "-at_install")
class TestMonthEnd(MonthEndCase, TransactionCase):
    def test_events_by_the_day_they_name(self):
        late, next_month = self.lost_cost("L1", IN_MAY), self.lost_cost("L2", IN_JUNE)
        self.apply(late, next_month)
        event = self.env["construction.event"].search([("event_id", "=", late["id"])])
        self.assertOpen("events", event, 60000)
        period = self.period.browse(self.period.id)
        self.assertEqual(period.open_amount, 60000)
        self.foreign()
        self.apply(self.lost_cost("L3", IN_MAY, currency="EUR"))
        self.assertEqual(self.checks()["events"].amount, 180000, "at the rate of today")
        self.env["construction.issue"].search([]).event_id.write({"state": "discarded"})
        self.assertDone("events")

    def lost_cost(self, external_id, day, **over):
        """An event of 60,000 of a job that nobody knows."""
        data = self.direct_cost_data(
            external_id, [self.cost_line(amount="60000.00")], job="nowhere", date=day,
            paid="company_card", **over,
        )  # fmt: skip
        return self.event("direct_cost.approved", data=data, sequence=1)

    def test_bills_from_draft_to_hold_to_books(self):
        self.budget()
        order = self.order(self.line(5000), confirm=True)
        bill = self.bill(order, 1200, date=IN_MAY, post=False)
        self.assertOpen("drafts", bill, 1200)
        hold = self.env["construction.hold"]._place(bill, "dispute", "Wrong crew")
        self.assertDone("drafts")
        self.assertOpen("holds", bill, 1200)
        bill.action_post()
        self.assertOpen("holds", bill)  # it is in the books, and still somebody's business
        hold.with_user(self.finance).action_release_hold("Settled")
        self.assertDone("drafts", "holds")

    def test_received_until_it_is_accrued(self):
        """Not billed, not proposed, not released, and at last not taken back."""
        self.budget()
        order = self.order(self.line(10000), confirm=True)
        line = order.order_line
        line.qty_received = 6000
        self.bill(order, 2500, date=IN_MAY)
        self.bill(order, 1000, date=IN_JUNE)  # of the next month: takes nothing from May
        self.assertOpen("received", line, 3500)
        self.assertOpen("not_proposed", line, 3500)
        self.assertEqual(self.period.open_amount, 3500, "the same line twice, counted once")
        dialog = self.env["construction.accrual.propose"].with_user(self.pm).create(
            {"month": MAY, "job_ids": [Command.set(self.job.ids)]}
        )  # fmt: skip
        accrual = self.env["construction.accrual"].search(dialog.action_propose()["domain"])
        self.assertEqual(accrual.amount_total, 3500)
        self.assertOpen("unreleased", accrual, 3500)
        self.assertDone("not_proposed")
        accrual.action_submit()
        self.assertOpen("gate_accrual", accrual, 3500)
        accrual.with_user(self.finance).action_release()
        self.assertDone("received", "not_proposed", "unreleased", "gate_accrual", "clearing")
        with self.assertRaisesRegex(UserError, "billed or accrued"):
            dialog.action_propose()  # the reversal of June takes nothing from May

    def test_accruals_of_the_month_before_are_taken_back(self):
        accrual = self.accrual(self.coded(amount=700), date(2026, 4, 1))
        accrual.action_submit()
        accrual.with_user(self.finance).action_release()
        self.assertDone("unreversed", "clearing")
        accrual.sudo().reversal_id.button_draft()
        self.assertOpen("unreversed", accrual.with_env(self.env), -700)
        self.assertEqual(self.checks()["clearing"].amount, 700)

    def test_what_waits_at_the_gate(self):
        move = self.cost_entry(300, date=IN_MAY)
        item = move.line_ids.filtered("analytic_distribution")
        values = self.env["construction.cost.transfer.line"]._values_of(item)[0]
        transfers = self.env["construction.cost.transfer"].create([
            {"date": day, "reason": "Wrong code", "line_ids": [
                Command.create(values | {"to_cost_code_id": self.other_code.id, "amount": 100})]}
            for day in (IN_MAY, IN_JUNE)
        ])  # fmt: skip
        self.assertDone("gate_cost_transfer")
        transfers.with_user(self.pm).action_submit()
        self.assertOpen("gate_cost_transfer", transfers[:1], 100)
        gated = {f"gate_{kind}" for kind, _label in
                 self.env["construction.release.mixin"]._document_types()}  # fmt: skip
        self.assertLessEqual(gated, set(self.checks()))

    def test_forecasts_of_the_jobs_that_ran(self):
        self.job.write(self.running("2026-05-31"))
        self.make_job("26-201", **self.running(JUNE))
        self.make_job("26-202", job_status="closed", **self.running(MAY))
        self.assertOpen("forecasts", self.job)
        forecast = self.env["construction.forecast"].create({"job_id": self.job.id, "month": MAY})
        self.assertEqual(self.checks()["forecasts"].state, "open")
        forecast.with_user(self.pm).action_sign()
        self.assertDone("forecasts")

    def test_clearing_accounts_by_their_balance_on_the_last_day(self):
        card = self.asset.copy({"reconcile": True})
        self.env["construction.clearing.account"].create(
            {"purpose": "company_card", "account_id": card.id}
        )
        self.entry((self.expense, 50, self.key()), (card, -50, False), date=IN_MAY)
        self.entry((self.asset, -50, False), (card, 50, False), date=IN_JUNE)
        row = self.checks()["clearing"]
        self.assertEqual((row.state, row.documents, row.amount), ("open", 1, 50))
        domain = row.action_open_documents()["domain"]
        self.assertEqual(self.env["construction.clearing"].search(domain).account_id, card)
        self.entry((self.asset, -50, False), (card, 50, False), date="2026-05-31")
        self.assertDone("clearing")

    def test_a_difference_between_job_cost_and_ledger(self):
        move = self.cost_entry(700, date=IN_MAY)
        self.cost_entry(10, date=IN_JUNE)
        self.assertDone("ledger")
        line = move.line_ids.analytic_line_ids
        self.env.cr.execute(
            "UPDATE account_analytic_line SET amount = -10 WHERE id = %s", [line.id]
        )
        row = self.checks()["ledger"]
        self.assertEqual((row.state, row.documents, row.amount), ("open", 1, 690))
        found = self.env["construction.job.ledger"].search(row.action_open_documents()["domain"])
        self.assertEqual((found.job_id, found.difference), (self.job, 690))
        self.env.cr.execute(
            "UPDATE account_analytic_line SET amount = -700 WHERE id = %s", [line.id]
        )

    def test_locks(self):
        self.assertOpen("lock_job_cost", self.period)
        self.assertEqual(self.checks()["lock_ledger"].state, "open")
        self.company.fiscalyear_lock_date = "2026-05-30"
        self.assertEqual(self.checks()["lock_ledger"].state, "open")
        self.company.fiscalyear_lock_date = "2026-05-31"
        self.assertDone("lock_ledger")

    def test_what_other_addons_bring_is_not_shown_as_done(self):
        rows = self.checks()
        for key, addon in (("certificates", "billing"), ("hours", "labor")):
            self.assertEqual(rows[key].state, "none")
            self.assertIn(addon, rows[key].who)
            self.assertFalse(rows[key].may_open)
            with self.assertRaisesRegex(UserError, addon):
                rows[key].action_open_documents()

    def test_an_addon_adds_a_line_by_one_method(self):
        model = type(self.env["construction.period.check"])
        before = model._checks
        extra = Check(
            "Hours", "arriving", "Payroll", "project.project",
            SQL("SELECT j.id, 40 FROM project_project j WHERE j.id = %s", self.job.id),
        )  # fmt: skip
        with patch.object(model, "_checks", lambda self: before(self) | {"hours": extra}):
            self.assertOpen("hours", self.job, 40)

    def test_one_statement_for_all_companies(self):
        names = ["state", "documents", "amount"]
        Row = self.env["construction.period.check"]
        companies = self.env["res.company"].create(
            [{"name": f"Branch {number}"} for number in range(3)]
        )
        self.env.user.company_ids |= companies
        self.env["construction.period"].create(
            [{"month": MAY, "company_id": company.id} for company in companies]
        )
        Row = Row.with_context(allowed_company_ids=(self.company | companies).ids)
        self.env.flush_all()
        Row.search_count([])
        with self.assertQueryCount(1):
            rows = Row.search_fetch([("month", "=", MAY)], names)
        self.assertEqual(len(rows), 4 * len(Row._checks()))
        periods = self.env["construction.period"].with_context(**Row.env.context)
        periods = periods.browse(rows.period_id.ids)
        with self.assertQueryCount(2):  # the periods, and all their checklists
            self.assertEqual(sum(periods.mapped("open_checks")), 4 * 2)

    def test_what_was_open_at_the_lock_stays_on_record(self):
        self.budget()
        order = self.order(self.line(5000), confirm=True)
        self.bill(order, 1200, date=IN_MAY, post=False)
        period = self.period.with_user(self.finance)
        while period.job_cost_state != "locked":
            period.action_advance()
        row = self.env["construction.audit"].search(
            [("model", "=", period._name), ("res_id", "=", period.id),
             ("action", "=", "job_cost_locked_with")]
        )  # fmt: skip
        self.assertIn("1200", str(row.detail))
        self.assertIn("drafts", str(row.detail))
        self.assertIn("1,200.00", str(self.period.message_ids.mapped("body")))
        self.assertNotIn("lock_job_cost", str(row.detail))

    def test_days_to_close(self):
        period = self.period.with_user(self.finance)
        while period.job_cost_state != "locked":
            period.action_advance()
        self.assertEqual(period.days_to_close, (period.job_cost_at.date() - date(2026, 5, 31)).days)
        self.assertGreater(period.days_to_close, 0)
        period.action_reopen("A bill came late")
        self.period.with_user(self.controller).action_confirm_reopen()
        self.assertEqual(period.days_to_close, 0)

    def test_open_months_are_in_no_average(self):
        """A month that is not locked took no days; it took no time at all yet."""
        self.env["construction.period"].create({"month": JUNE})
        months = self.env["construction.period"].search([("company_id", "=", self.company.id)])
        days = [("id", "in", months.ids)], [], ["days_to_close:avg"]
        self.assertFalse(self.env["construction.period"]._read_group(*days)[0][0])
        period = self.period.with_user(self.finance)
        while period.job_cost_state != "locked":
            period.action_advance()
        self.assertEqual(
            self.env["construction.period"]._read_group(*days)[0][0], period.days_to_close
        )

    def test_who_sees_it(self):
        for group in ("project_user", "integration_manager"):
            user = self.make_user(f"month-{group}", group)
            with self.assertRaises(AccessError):
                self.env["construction.period.check"].with_user(user).search([])
        other = self.make_user("month-other", "finance", company=self.make_company("Other MTH"))
        self.assertFalse(self.env["construction.period.check"].with_user(other).search([]))
