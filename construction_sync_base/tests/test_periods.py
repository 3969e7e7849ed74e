"""A month whose job cost is locked takes nothing, whatever the path; who closes and opens it."""

from datetime import date

import psycopg2
from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from .periods import APRIL, IN_APRIL, IN_MARCH, MARCH, PeriodCase


@tagged("post_install", "-at_install")
class TestPeriodSteps(PeriodCase, TransactionCase):
    def test_the_steps_in_their_order(self):
        period = self.env["construction.period"].create({"month": "2026-03-31"})
        self.assertEqual((period.month, period.job_cost_state), (MARCH, "open"))
        for state in ("soft", "review", "accrue", "locked"):
            period.with_user(self.finance).action_advance()
            self.assertEqual(period.job_cost_state, state)
            self.assertEqual(period.job_cost_by_id, self.finance)
        with self.assertRaisesRegex(UserError, "locked already"):
            period.with_user(self.finance).action_advance()
        rows = self.env["construction.audit"].search(
            [("model", "=", "construction.period"), ("res_id", "=", period.id)], order="id"
        )
        self.assertEqual(
            rows.mapped("action"),
            [f"job_cost_{step}" for step in ("soft", "review", "accrue", "locked", "locked_with")],
        )
        self.assertEqual(rows.actor_id, self.finance)

    def test_a_month_is_there_once(self):
        Period = self.env["construction.period"]
        Period.create({"month": IN_MARCH})
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(psycopg2.errors.UniqueViolation),
            self.cr.savepoint(),
        ):
            Period.create({"month": "2026-03-02"})
        Period.create({"month": MARCH, "company_id": self.make_company("Second").id})

    def test_the_database_holds_its_form(self):
        period = self.close()
        for column, value in (
            ("month", "2026-03-02"),
            ("job_cost_state", "shut"),
            ("payroll_state", "soft"),
            ("job_cost_by_id", None),
            ("job_cost_at", None),
            ("reopened_by_id", self.finance.id),
        ):
            self.assertHeld(
                f"UPDATE construction_period SET {column} = %s WHERE id = %s", value, period.id
            )
        self.assertHeld(
            "UPDATE construction_period SET reopen_reason = 'x', reopen_requested_by_id = %s,"
            " reopened_by_id = %s WHERE id = %s", self.finance.id, self.finance.id, period.id,
        )  # fmt: skip

    def test_only_finance_and_only_by_the_buttons(self):
        period = self.close("soft")
        for user in (self.clerk, self.make_user("close-pm", "project_manager"),
                     self.make_user("close-im", "integration_manager"),
                     self.platform.service_user_id):  # fmt: skip
            for act in (
                period.with_user(user).action_advance,
                lambda user=user: period.with_user(user).action_reopen("because"),
                period.with_user(user).action_confirm_reopen,
            ):
                with self.assertRaises(AccessError):
                    act()
        for values in (
            {"job_cost_state": "open"},
            {"job_cost_state": "locked"},
            {"payroll_state": "locked"},
            {"month": APRIL},
            {"reopened_by_id": self.finance.id},
        ):
            with self.assertRaises(UserError):
                period.with_user(self.finance).write(values)
            with self.assertRaises(UserError):
                period.with_context(construction_period=True).write(values)
        with self.assertRaises(UserError):
            self.env["construction.period"].create({"month": APRIL, "job_cost_state": "locked"})
        with self.assertRaises(UserError):
            period.unlink()

    def test_reopening_takes_two_people_and_a_reason(self):
        period = self.close()
        one, two = period.with_user(self.finance), period.with_user(self.controller)
        with self.assertRaisesRegex(UserError, "Say why"):
            one.action_reopen(" ")
        with self.assertRaisesRegex(UserError, "Nobody asked"):
            two.action_confirm_reopen()
        one.action_reopen("A bill came late")
        self.assertEqual((period.job_cost_state, period.reopening), ("locked", True))
        with self.assertRaisesRegex(UserError, "another person"):
            one.action_confirm_reopen()
        two.action_confirm_reopen()
        self.assertEqual((period.job_cost_state, period.reopening), ("soft", False))
        self.assertEqual(period.reopened_by_id, self.controller)
        self.close()
        self.assertFalse(period.reopening, "the request of the last time is not one of this time")
        one.action_reopen("Again")
        two.action_keep_locked()
        with self.assertRaisesRegex(UserError, "Nobody asked"):
            two.action_confirm_reopen()

    def test_a_month_that_is_not_locked_opens_with_a_reason(self):
        period = self.close("review")
        with self.assertRaisesRegex(UserError, "Say why"):
            period.with_user(self.finance).action_reopen("")
        period.with_user(self.finance).action_reopen("Too early")
        self.assertEqual(period.job_cost_state, "open")

    def test_by_the_dialog(self):
        period = self.close()
        action = period.with_user(self.finance).action_reopen_dialog()
        wizard = (
            self.env["construction.reason"]
            .with_user(self.finance)
            .with_context(**action["context"])
            .create({"reason": "A bill came late"})
        )
        wizard.action_confirm()
        self.assertTrue(period.reopening)

    def test_the_ledger_and_payroll_are_apart(self):
        period = self.close("soft")
        payroll = self.make_user("close-pay", "payroll")
        with self.assertRaises(AccessError):
            period.with_user(self.finance).action_payroll()
        period.with_user(payroll).action_payroll()
        self.assertEqual((period.payroll_state, period.job_cost_state), ("locked", "soft"))
        self.assertEqual(period.ledger_state, "open")
        self.company.fiscalyear_lock_date = "2026-03-30"
        self.assertEqual(period.ledger_state, "open")
        self.company.fiscalyear_lock_date = "2026-03-31"
        self.assertEqual(period.ledger_state, "soft")

    def test_who_asks_gets_an_answer_in_one_query(self):
        period = self.close()
        self.close("soft", APRIL)
        self.env.flush_all()
        days = [f"2026-03-{day:02}" for day in range(1, 29)] + [IN_APRIL, date(2026, 5, 1)]
        Period = self.env["construction.period"]
        with self.assertQueryCount(1):
            found = Period._locked(self.company, days)
        self.assertEqual(found, set(days[:28]))
        self.assertFalse(Period._locked(self.make_company("Second"), days))
        self.reopen(period)
        self.assertFalse(Period._locked(self.company, days))


@tagged("post_install", "-at_install")
class TestLockedMonth(PeriodCase, TransactionCase):
    def setUp(self):
        super().setUp()
        self.move = self.cost_entry(date=IN_MARCH)
        self.item = self.move.line_ids.filtered("analytic_distribution")
        self.draft = self.cost_entry(date=IN_MARCH, post=False)
        self.later = self.cost_entry(date=IN_APRIL)
        self.worked = self.hours(IN_MARCH)
        self.env.flush_all()
        self.period = self.close()
        self.env.flush_all()

    def test_x15_and_every_other_path_of_the_orm(self):
        line = self.item.analytic_line_ids
        for name, act in {
            "post": self.draft.action_post,
            "reset": self.move.button_draft,
            "cancel": self.move.button_cancel,
            "hours": lambda: self.hours(IN_MARCH),
            "change hours": lambda: self.worked.write({"unit_amount": 9}),
            "hours into it": lambda: self.hours(IN_APRIL).write({"date": IN_MARCH}),
            "hours out of it": lambda: self.worked.write({"date": IN_APRIL}),
            "delete hours": self.worked.unlink,
            "reverse into it": lambda: self.move._reverse_moves(
                [{"date": fields.Date.to_date(IN_MARCH)}], cancel=True
            ),
        }.items():
            self.assertLocked(name, act)
        for name, act in {
            "recode": lambda: self.item.write(
                {"analytic_distribution": self.key(code=self.other_code)}
            ),
            "amount": lambda: line.write({"amount": -10}),
            "delete": line.unlink,
            "re-date the line": lambda: line.write({"date": IN_APRIL}),
            "into it": lambda: self.later.line_ids.analytic_line_ids.write({"date": IN_MARCH}),
            "state": lambda: self.move.write({"state": "draft"}),
            "post by writing": lambda: self.draft.write({"state": "posted"}),
            "date": lambda: self.later.with_context(skip_readonly_check=True).write(
                {"date": IN_MARCH}
            ),
        }.items():
            with self.assertRaises(UserError, msg=name), self.cr.savepoint():
                act()
                self.env.flush_all()
            self.env.invalidate_all()
        self.assertEqual(self.item.balance, -line.amount)

    def test_the_context_of_a_caller_opens_nothing(self):
        for value in (True, 1, "booking", {}):
            context = dict.fromkeys(("construction_booking", "skip_analytic_sync"), value)
            with self.assertRaises(UserError):
                self.item.with_context(**context).write({"analytic_distribution": False})
            with self.assertRaises(UserError):
                self.item.analytic_line_ids.with_context(**context).write({"amount": -1})

    def test_the_database_holds_it_against_raw_sql(self):
        line, item = self.item.analytic_line_ids, self.item
        code = self.coding._column("cost_code")
        other = self.other_code.analytic_account_id.id
        later = self.later.line_ids.filtered("analytic_distribution")
        for query, values in (
            ("UPDATE account_analytic_line SET amount = -1 WHERE id = %s", [line.id]),
            ("UPDATE account_analytic_line SET date = %s WHERE id = %s", [IN_APRIL, line.id]),
            ("UPDATE account_analytic_line SET account_id = NULL WHERE id = %s", [line.id]),
            (f"UPDATE account_analytic_line SET {code} = %s WHERE id = %s", [other, line.id]),
            ("DELETE FROM account_analytic_line WHERE id = %s", [line.id]),
            ("DELETE FROM account_analytic_line WHERE id = %s", [self.worked.id]),
            (
                "UPDATE account_analytic_line SET date = %s WHERE id = %s",
                [IN_MARCH, later.analytic_line_ids.id],
            ),
            (
                "INSERT INTO account_analytic_line (name, date, company_id, account_id,"
                " unit_amount) VALUES ('x', %s, %s, %s, 1)",
                [IN_MARCH, self.company.id, self.job.account_id.id],
            ),
            (
                "UPDATE account_move_line SET analytic_distribution = NULL WHERE id = %s",
                [item.id],
            ),
            (
                "UPDATE account_move_line SET analytic_distribution = %s::jsonb WHERE id = %s",
                [f'{{"{other}": 100}}', item.id],
            ),
            ("UPDATE account_move_line SET balance = balance + 1 WHERE id = %s", [item.id]),
            ("UPDATE account_move_line SET date = %s WHERE id = %s", [IN_APRIL, item.id]),
            ("UPDATE account_move_line SET date = %s WHERE id = %s", [IN_MARCH, later.id]),
            ("UPDATE account_move_line SET account_id = %s WHERE id = %s",
             [self.income.id, item.id]),
            ("UPDATE account_move_line SET parent_state = 'draft' WHERE id = %s", [item.id]),
            (
                "UPDATE account_move_line SET parent_state = 'posted' WHERE id = ANY(%s)",
                [self.draft.line_ids.ids],
            ),
            ("DELETE FROM account_move_line WHERE id = %s", [item.id]),
        ):  # fmt: skip
            self.assertEqual(self.assertHeld(query, *values), "construction_period_locked", query)

    def test_what_is_no_job_cost_stays_free(self):
        """The lock is the job cost's: other entries follow the ledger's lock dates."""
        self.entry((self.expense, 50, False), (self.asset, -50, False), date=IN_MARCH)
        other = self.env["account.analytic.account"].create(
            {"name": "Plain", "plan_id": self.coding._plan("job").id}
        )
        self.entry(
            (self.expense, 50, {str(other.id): 100}), (self.asset, -50, False), date=IN_MARCH
        ).button_draft()
        self.item.name = "Another text"
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE account_analytic_line SET name = 'x', ref = 'y' WHERE id = %s",
            [self.item.analytic_line_ids.id],
        )
        self.cost_entry(date=IN_APRIL).button_draft()
        self.draft.date = IN_APRIL
        self.draft.action_post()
        self.assertEqual(self.draft.state, "posted")

    def test_another_company_is_not_locked(self):
        second = self.make_company("Second")
        job = self.make_job("26-960", company_id=second.id)
        self.env["account.analytic.line"].with_company(second).create(self.hours_of(job, IN_MARCH))

    def hours_of(self, job, day):
        values = {"name": "h", "unit_amount": 1, "account_id": job.account_id.id, "date": day,
                  "company_id": job.company_id.id}  # fmt: skip
        if "employee_id" in self.env["account.analytic.line"]._fields:  # hr_timesheet
            employee = self.env["hr.employee"].create(
                {"name": "Crew", "company_id": job.company_id.id}
            )
            values |= {"project_id": job.id, "employee_id": employee.id}
        return values

    def test_reopened_it_takes_corrections_of_finance(self):
        self.reopen(self.period)
        move = self.move.with_user(self.finance)
        with self.assertRaisesRegex(UserError, "only Finance.*Reason for late booking"):
            move.button_draft()
        move.job_cost_reason = "Wrong code"
        move.button_draft()
        self.assertEqual(self.move.state, "draft")
        row = self.env["construction.audit"].search(
            [("model", "=", "account.move"), ("res_id", "=", self.move.id)]
        )
        self.assertEqual((row.action, row.actor_id), ("booked_late", self.finance))
        self.assertIn("Wrong code", row.detail)

    def test_what_the_web_client_shows(self):
        """The trigger's refusal in the words of the screens."""
        try:
            with mute_logger("odoo.sql_db"), self.cr.savepoint():
                self.env.cr.execute(
                    "DELETE FROM account_analytic_line WHERE id = %s", [self.worked.id]
                )
        except psycopg2.errors.CheckViolation as error:
            self.assertEqual(error.diag.table_name, "construction_period")
            text = self.env["construction.period"]._sql_error_to_message(error)
            self.assertIn("2026-03 is locked", text)


@tagged("post_install", "-at_install")
class TestSoftLock(PeriodCase, TransactionCase):
    def test_only_finance_with_a_reason(self):
        draft = self.cost_entry(date=IN_MARCH, post=False)
        for state in ("soft", "review", "accrue"):
            self.close(state)
            draft.job_cost_reason = False
            with self.assertRaisesRegex(UserError, "being closed"):
                draft.with_user(self.finance).action_post()
            draft.job_cost_reason = "A bill came late"
            with self.assertRaisesRegex(UserError, "being closed"):
                draft.with_user(self.clerk).action_post()
        draft.with_user(self.finance).action_post()
        self.assertEqual(draft.state, "posted")
        self.assertFigures(actual=100)

    def test_hours(self):
        self.close("soft")
        values = self.hours(IN_APRIL).read(["account_id"], load=None)
        self.assertTrue(values)
        with self.assertRaisesRegex(UserError, "being closed"):
            self.env["account.analytic.line"].with_user(self.clerk).create(
                {"name": "h", "unit_amount": 1, "date": IN_MARCH,
                 "account_id": self.job.account_id.id}
            )  # fmt: skip

    def test_shown_on_the_entry_while_its_month_is_closed(self):
        draft = self.cost_entry(date=IN_MARCH, post=False)
        self.assertFalse(draft.job_cost_closing)
        self.close("soft")
        draft.invalidate_recordset()
        self.assertTrue(draft.job_cost_closing)
        draft.date = IN_APRIL
        self.assertFalse(draft.job_cost_closing)


@tagged("post_install", "-at_install")
class TestDatesStay(PeriodCase, TransactionCase):
    def test_no_date_is_moved_by_a_lock_date_of_the_ledger(self):
        draft = self.cost_entry(date=IN_MARCH, post=False)
        self.company.fiscalyear_lock_date = "2026-03-31"
        with self.assertRaisesRegex(UserError, "not moved silently"):
            draft.action_post()
        self.assertEqual(str(draft.date), IN_MARCH)
        plain = self.entry(
            (self.expense, 5, False), (self.asset, -5, False), date=IN_MARCH, post=False
        )
        plain.action_post()
        self.assertNotEqual(str(plain.date), IN_MARCH, "Odoo's own way for what is no job's")
