"""A job is a project with a number, a status, a company and an account of its own."""

from datetime import timedelta

import psycopg2
from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from .domain import DomainCase

STATUSES = ("bid", "active", "on_hold", "completed", "closed")


@tagged("post_install", "-at_install")
class TestJobs(DomainCase, TransactionCase):
    def test_creating_gives_account_and_status(self):
        job = self.make_job("26-200")
        self.assertEqual(job.job_status, "active")
        self.assertEqual(job.company_id, self.company)
        self.assertEqual(job.account_id.company_id, self.company)
        self.assertEqual(job.account_id.root_plan_id, self.coding._plan("job"))
        self.assertEqual(job.account_id.code, "26-200")
        self.assertEqual(job.display_name, "26-200 Job 26-200")

    def test_values_of_the_caller_stay_as_they_are(self):
        values = {"name": "A", "is_job": True, "job_number": "26-201"}
        self.env["project.project"].create(values)
        self.assertEqual(set(values), {"name", "is_job", "job_number"})
        closing = {"job_status": "closed"}
        self.job.write(closing)
        self.assertEqual(closing, {"job_status": "closed"})

    def test_an_ordinary_project_is_left_alone(self):
        project = self.env["project.project"].create({"name": "Office move"})
        self.assertFalse(project.is_job or project.job_number or project.job_status)
        project.company_id = False
        project.account_id = False

    def test_database_refuses_an_incomplete_job(self):
        for column in ("company_id", "account_id", "job_number", "job_status"):
            with (
                mute_logger("odoo.sql_db"),
                self.assertRaises(psycopg2.errors.CheckViolation, msg=column),
                self.cr.savepoint(),
            ):
                self.env.flush_all()
                self.cr.execute(
                    f"UPDATE project_project SET {column} = NULL WHERE id = %s", (self.job.id,)
                )

    def test_number_is_unique_per_company(self):
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(psycopg2.errors.UniqueViolation),
            self.cr.savepoint(),
        ):
            self.make_job("26-100")
        other = self.make_company("Second")
        self.make_job("26-100", company_id=other.id)

    def test_account_belongs_to_one_job(self):
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(psycopg2.errors.UniqueViolation),
            self.cr.savepoint(),
        ):
            self.make_job("26-202", account_id=self.job.account_id.id)

    def test_company_account_and_being_a_job_stay(self):
        other = self.make_company("Second")
        account = self.job.account_id.copy()
        for values in (
            {"company_id": other.id},
            {"account_id": account.id},
            {"account_id": False},
            {"is_job": False},
        ):
            with self.assertRaises(UserError, msg=values):
                self.job.write(values)

    def test_jobs_are_never_deleted(self):
        with self.assertRaises(UserError):
            self.job.unlink()

    def test_a_copy_is_an_ordinary_project(self):
        copy = self.job.copy()
        self.assertFalse(copy.is_job)
        self.assertNotEqual(copy.account_id, self.job.account_id)

    def test_closing_keeps_active_and_dates(self):
        self.job.job_status = "completed"
        self.assertEqual(self.job.completed_on, fields.Date.context_today(self.job))
        self.job.completed_on = "2026-01-31"
        self.job.job_status = "closed"
        self.assertTrue(self.job.active)
        self.assertEqual(str(self.job.completed_on), "2026-01-31")
        self.assertEqual(self.job.closed_on, fields.Date.context_today(self.job))
        self.job.job_status = "completed"
        self.assertEqual(str(self.job.completed_on), "2026-01-31", "hours end there")
        self.assertFalse(self.job.closed_on)
        self.job.job_status = "active"
        self.assertFalse(self.job.completed_on or self.job.closed_on)

    def test_a_project_with_orders_becomes_no_job(self):
        project = self.env["project.project"].create(
            {"name": "Plain", "company_id": self.company.id}
        )
        project._create_analytic_account()
        self.order(
            {"product_id": self.material.product_id.id, "product_qty": 5},
            project_id=project.id,
            confirm=True,
        )
        values = {"is_job": True, "job_number": "26-700", "job_status": "active"}
        with self.assertRaisesRegex(UserError, "was confirmed for it without cost code"):
            project.write(values)
        self.env["purchase.order"].search([("project_id", "=", project.id)]).button_cancel()
        project.write(values)
        self.assertTrue(project.is_job)

    def test_sub_jobs(self):
        sub = self.make_job("26-100-A", parent_job_id=self.job.id)
        self.assertEqual(self.job.sub_job_ids, sub)
        with self.assertRaises(ValidationError):
            self.job.parent_job_id = sub
        project = self.env["project.project"].create({"name": "Plain"})
        with self.assertRaises(ValidationError):
            sub.parent_job_id = project
        other = self.make_company("Second")
        abroad = self.make_job("26-300", company_id=other.id)
        with self.assertRaises(ValidationError):
            sub.parent_job_id = abroad

    def test_found_by_number(self):
        found = self.env["project.project"].name_search("26-100")
        self.assertIn(self.job.id, [row[0] for row in found])


@tagged("post_install", "-at_install")
class TestJobGate(DomainCase, TransactionCase):
    """What a job of each status takes, wherever it is tried."""

    def allowed(self, act):
        """The statuses in which `act` goes through."""
        passed = set()
        for status in STATUSES:
            try:
                with self.cr.savepoint():
                    act(status)
                    self.env.flush_all()
                    raise _Undo
            except _Undo:
                passed.add(status)
            except UserError:
                passed.discard(status)
            self.env.invalidate_all()
        return passed

    def test_new_orders(self):
        def act(status):
            order = self.order()
            self.job.job_status = status
            order.button_confirm()

        self.budget()
        self.assertEqual(self.allowed(act), {"active"})

    def test_approving_an_order_that_waits(self):
        self.company.write({"po_double_validation": "two_step", "po_double_validation_amount": 10})
        buyer = self.make_user("gate-buyer", "project_manager")
        self.budget()

        def act(status):
            order = self.order()
            order.with_user(buyer).button_confirm()
            self.assertEqual(order.state, "to approve")
            self.job.job_status = status
            order.button_approve()

        self.assertEqual(self.allowed(act), {"active"})

    def test_changes_of_orders(self):
        def act(status):
            order = self.order(confirm=True)
            self.job.job_status = status
            order._apply_change([(order.order_line, {"product_qty": 1200.0, "price_unit": 1.0})])

        self.budget()
        self.assertEqual(self.allowed(act), {"bid", "active", "on_hold", "completed"})

    def test_cancelling_orders(self):
        def act(status):
            order = self.order(confirm=True)
            self.job.job_status = status
            order.button_cancel()

        self.budget()
        self.assertEqual(self.allowed(act), {"bid", "active", "on_hold", "completed"})

    def test_bills(self):
        def create(status):
            order = self.order(confirm=True)
            self.job.job_status = status
            order.action_create_invoice()

        def post(status):
            order = self.order(confirm=True)
            bill = self.bill(order, post=False)
            self.job.job_status = status
            bill.action_post()

        self.budget()
        taking = {"active", "on_hold", "completed", "bid"}
        self.assertEqual(self.allowed(create), taking)
        self.assertEqual(self.allowed(post), taking)

    def test_journal_entries(self):
        def post(status):
            self.job.job_status = status
            self.cost_entry()

        def unpost(status):
            move = self.cost_entry()
            self.job.job_status = status
            move.button_draft()

        taking = {"active", "on_hold", "completed", "bid"}
        for act in (post, unpost):
            self.assertEqual(self.allowed(act), taking, act.__name__)

    def test_moving_cost_into_a_closed_job(self):
        closed = self.make_job("26-101", job_status="closed")
        move = self.cost_entry()
        with self.assertRaises(UserError):
            move.line_ids.filtered("analytic_distribution").analytic_distribution = self.key(closed)

    def test_receipts_by_hand(self):
        def act(status):
            order = self.order(confirm=True)
            self.job.job_status = status
            order.order_line.qty_received = 500

        self.budget()
        self.assertEqual(self.allowed(act), {"active", "on_hold", "completed", "bid"})

    def test_stock_moves(self):
        product = self.env["product.product"].create({"name": "Rebar", "type": "consu"})

        def act(status):
            order = self.order(self.line(10, product_id=product.id), confirm=True)
            self.job.job_status = status
            picking = order.picking_ids
            picking.move_ids.quantity = 10
            picking.button_validate()

        self.budget()
        self.assertEqual(self.allowed(act), {"active", "on_hold", "completed", "bid"})

    def hours(self, on):
        values = {
            "name": "Hours",
            "unit_amount": 8,
            "account_id": self.job.account_id.id,
            "date": on,
        }
        if "employee_id" in self.env["account.analytic.line"]._fields:  # hr_timesheet
            employee = self.env["hr.employee"].create({"name": "Crew"})
            values |= {"project_id": self.job.id, "employee_id": employee.id}
        return self.env["account.analytic.line"].create(values)

    def test_hours(self):
        today = fields.Date.today()

        def late(status):
            self.job.job_status = status
            self.hours(today + timedelta(days=1))

        def before_completion(status):
            self.job.job_status = status
            self.hours(today - timedelta(days=1))

        def correct(status):
            line = self.hours(today + timedelta(days=1))
            self.job.job_status = status
            line.unit_amount = 7

        def delete(status):
            line = self.hours(today + timedelta(days=1))
            self.job.job_status = status
            line.unlink()

        for act in (late, correct, delete):
            self.assertEqual(self.allowed(act), {"bid", "active", "on_hold"}, act.__name__)
        taking = {"bid", "active", "on_hold", "completed"}
        self.assertEqual(self.allowed(before_completion), taking)

    def test_the_error_names_job_status_and_way_out(self):
        self.job.job_status = "closed"
        with self.assertRaisesRegex(UserError, "26-100.*closed.*no cost.*Reopen the job"):
            self.cost_entry()


class _Undo(Exception):
    pass
