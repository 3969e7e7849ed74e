"""The cost report of a month, kept as it was, and what moved since."""

from datetime import date

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, TransactionCase, tagged
from odoo.tools import mute_logger
from psycopg2.errors import CheckViolation, InsufficientPrivilege

from .domain import DomainCase

MAY, JUNE = date(2026, 5, 1), date(2026, 6, 1)


@tagged("post_install", "-at_install")
class TestMonthsKept(DomainCase, TransactionCase):
    def given(self):
        super().given()
        self.budget(60000.0)
        self.finance = self.make_user("keeper", "finance")

    def keep(self, month=MAY, jobs=None, user=None):
        jobs = (jobs or self.job).with_user(user or self.finance)
        snapshot = self.env["construction.job.cost.snapshot"].with_user(user or self.finance)
        return snapshot._take(jobs, month)

    def movement(self, month, code=None):
        return self.env["construction.job.cost.movement"].search(
            [("job_id", "=", self.job.id), ("month", "=", month),
             ("cost_code_id", "=", (code or self.code).id)]
        )  # fmt: skip

    def test_kept_as_the_report_stood(self):
        self.order(self.line(20000), confirm=True)
        self.cost_entry(5000)
        self.assertEqual(self.keep(), 1)
        report = self.env["construction.job.cost"].search([("job_id", "=", self.job.id)])
        kept = self.env["construction.job.cost.snapshot"].search([("job_id", "=", self.job.id)])
        for name in ("budget", "committed", "open", "actual", "projected", "at_completion"):
            self.assertEqual(kept[name], report[name], name)
        self.assertEqual((kept.taken_by_id, kept.currency_id), (self.finance, report.currency_id))
        self.cost_entry(1000)
        self.env.invalidate_all()
        self.assertEqual(kept.actual, 5000)

    def test_movement_between_two_months(self):
        self.cost_entry(5000)
        self.keep(MAY)
        first = self.movement(MAY)
        self.assertEqual(
            (first.month_before, first.actual, first.actual_movement), (False, 5000, 0)
        )
        self.cost_entry(2000)
        self.order(self.line(70000), confirm=True, budget_reason="agreed")
        self.cost_entry(300, self.key(code=self.other_code))
        self.keep(JUNE)
        moved = self.movement(JUNE)
        self.assertEqual(moved.month_before, MAY)
        self.assertEqual((moved.actual, moved.actual_movement), (7000, 2000))
        self.assertEqual((moved.committed_movement, moved.budget_movement), (70000, 0))
        self.assertEqual((moved.at_completion, moved.completion_movement), (77000, 17000))
        fresh = self.movement(JUNE, self.other_code)
        self.assertEqual((fresh.actual_movement, fresh.completion_movement), (300, 300))

    def test_a_key_that_went_moves_to_nothing(self):
        self.cost_entry(300, self.key(code=self.other_code))
        self.keep(MAY)
        self.env["account.move"].search([
            ("line_ids.analytic_line_ids.account_id", "=", self.job.account_id.id)
        ])._reverse_moves([{"date": date.today()}], cancel=False).action_post()  # fmt: skip
        self.keep(JUNE)
        self.assertEqual(self.movement(JUNE, self.other_code).actual_movement, -300)

    def test_kept_once(self):
        self.keep()
        with self.assertRaises(UserError):
            self.keep()
        with self.assertRaises(CheckViolation), mute_logger("odoo.sql_db"):
            self.keep(date(2026, 6, 2))

    def test_nobody_edits_it(self):
        self.keep()
        for statement in (
            "UPDATE construction_job_cost_snapshot SET actual = 1",
            "DELETE FROM construction_job_cost_snapshot",
            "TRUNCATE construction_job_cost_snapshot",
        ):
            with (
                self.assertRaises(InsufficientPrivilege),
                mute_logger("odoo.sql_db"),
                self.env.cr.savepoint(),
            ):
                self.env.cr.execute(statement)
        kept = self.env["construction.job.cost.snapshot"].search([("job_id", "=", self.job.id)])
        with self.assertRaises(AccessError):
            kept.with_user(self.finance).write({"actual": 1})

    def test_dialog(self):
        self.make_job("26-101")
        closed = self.make_job("26-102", job_status="closed")
        with Form(self.env["construction.month.keep"].with_user(self.finance)) as form:
            form.month = date(2026, 5, 17)
        dialog = form.record
        self.assertIn(self.job, dialog.job_ids)
        self.assertNotIn(closed, dialog.job_ids)
        dialog.job_ids = self.job
        action = dialog.action_keep()
        self.assertEqual(action["res_model"], "construction.job.cost.movement")
        self.assertTrue(self.movement(MAY))
        again = self.env["construction.month.keep"].create({"month": MAY})
        self.assertNotIn(self.job, again.job_ids)
        again.job_ids = False
        with self.assertRaises(UserError):
            again.action_keep()

    def test_rights(self):
        for group in ("project_user", "project_manager", "auditor", "integration_manager"):
            with self.assertRaises(AccessError):
                self.keep(user=self.make_user(f"keep-{group}", group))
        self.keep()
        self.job.privacy_visibility = "followers"
        reader = self.make_user("kept-reader", "project_user")
        for model in ("snapshot", "movement"):
            records = self.env[f"construction.job.cost.{model}"].with_user(reader)
            self.assertFalse(records.search([]))
        company = self.make_company("Elsewhere Months")
        other = self.make_user("kept-elsewhere", "finance", company=company)
        for model in ("snapshot", "movement"):
            records = self.env[f"construction.job.cost.{model}"].with_user(other)
            self.assertFalse(records.search([("job_id", "=", self.job.id)]))

    def test_one_statement_for_many_jobs(self):
        jobs = self.job
        for number in range(12):
            jobs |= (job := self.make_job(f"26-2{number:02}"))
            self.budget(10, job=job)
        self.env.flush_all()
        self.env["construction.job.cost.snapshot"].with_user(self.finance).search([], limit=1)
        with self.assertQueryCount(8):
            self.keep(jobs=jobs)
