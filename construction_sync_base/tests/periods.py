"""What tests of months share."""

from datetime import date

import psycopg2
from odoo.exceptions import UserError
from odoo.tools import mute_logger

from .domain import DomainCase

MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)
IN_MARCH, IN_APRIL = "2026-03-17", "2026-04-02"


class PeriodCase(DomainCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.finance = cls.make_user("close-one", "finance")
        cls.controller = cls.make_user("close-two", "finance")
        cls.clerk = cls.make_user("close-clerk", "project_user")
        cls.clerk.group_ids |= cls.env.ref("account.group_account_invoice")
        cls.clerk.group_ids |= cls.env.ref("analytic.group_analytic_accounting")

    def close(self, state="locked", month=MARCH, company=None):
        """The month, closed as far as `state` by the way it takes."""
        company = company or self.company
        period = self.env["construction.period"].search(
            [("month", "=", month), ("company_id", "=", company.id)]
        ) or self.env["construction.period"].create({"month": month, "company_id": company.id})
        while period.job_cost_state != state:
            period.with_user(self.finance).action_advance()
        return period

    def reopen(self, period):
        period.with_user(self.finance).action_reopen("A bill came late")
        period.with_user(self.controller).action_confirm_reopen()

    def hours(self, day, **values):
        values |= {
            "name": "Hours",
            "unit_amount": 8,
            "account_id": self.job.account_id.id,
            "date": day,
        }
        if "employee_id" in self.env["account.analytic.line"]._fields:  # hr_timesheet
            employee = self.env["hr.employee"].create({"name": "Crew"})
            values |= {"project_id": self.job.id, "employee_id": employee.id}
        return self.env["account.analytic.line"].create(values)

    def assertLocked(self, name, act, *args):
        with self.assertRaises(UserError, msg=name) as caught, self.cr.savepoint():
            act(*args)
            self.env.flush_all()
        self.assertIn("locked", str(caught.exception), name)
        self.env.invalidate_all()

    def assertHeld(self, query, *values):
        """The database itself refuses it."""
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(psycopg2.errors.CheckViolation, msg=query) as caught,
            self.cr.savepoint(),
        ):
            self.env.cr.execute(query, values)
        return caught.exception.diag.constraint_name
