"""Job cost comes from posted items, held by the database at commit."""

import psycopg2
from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from .periods import IN_MARCH, PeriodCase


@tagged("post_install", "-at_install")
class TestPostedFromAnItem(PeriodCase, TransactionCase):
    """Invariant 9: an amount of a job comes from a posted journal item."""

    def setUp(self):
        super().setUp()
        self.env.flush_all()
        self.env.cr.execute("SET CONSTRAINTS construction_cost_is_posted IMMEDIATE")
        self.addCleanup(self.env.cr.execute, "SET CONSTRAINTS construction_cost_is_posted DEFERRED")

    def at_commit(self):
        """Look only now, as the database does at the end of a transaction."""
        self.env.cr.execute("SET CONSTRAINTS construction_cost_is_posted DEFERRED")

    def test_the_database_wants_an_item(self):
        account = self.job.account_id.id
        name = self.assertHeld(
            "INSERT INTO account_analytic_line (name, date, company_id, account_id, amount)"
            " VALUES ('x', '2026-03-01', %s, %s, -1)", self.company.id, account,
        )  # fmt: skip
        self.assertEqual(name, "construction_cost_posted")
        worked = self.hours(IN_MARCH)
        self.env.flush_all()
        self.assertHeld("UPDATE account_analytic_line SET amount = -1 WHERE id = %s", worked.id)
        self.at_commit()
        line = self.cost_entry().line_ids.analytic_line_ids
        self.env.flush_all()
        self.env.cr.execute("SET CONSTRAINTS construction_cost_is_posted IMMEDIATE")
        self.assertHeld(
            "UPDATE account_analytic_line SET move_line_id = NULL WHERE id = %s", line.id
        )

    def test_a_draft_item_does_not_do(self):
        item = self.cost_entry(post=False).line_ids.filtered("analytic_distribution")
        self.env.flush_all()
        self.assertHeld(
            "INSERT INTO account_analytic_line (name, date, company_id, account_id, amount,"
            " general_account_id, move_line_id) VALUES ('x', '2026-03-01', %s, %s, -1, %s, %s)",
            self.company.id, self.job.account_id.id, self.expense.id, item.id,
        )  # fmt: skip

    def test_posted_and_taken_back_in_one_transaction(self):
        self.at_commit()
        move = self.cost_entry()
        self.env.flush_all()
        self.env.cr.execute("SET CONSTRAINTS construction_cost_is_posted IMMEDIATE")
        self.at_commit()
        move.button_draft()
        self.env.flush_all()
        self.env.cr.execute("SET CONSTRAINTS construction_cost_is_posted IMMEDIATE")

    def test_by_hand(self):
        self.at_commit()
        item = self.cost_entry(post=False).line_ids.filtered("analytic_distribution")
        coded = {
            "account_id": self.job.account_id.id,
            self.coding._column("cost_code"): self.code.analytic_account_id.id,
            self.coding._column("cost_type"): self.material.analytic_account_id.id,
        }
        for values in (
            {"amount": -5, "account_id": self.job.account_id.id},
            {"amount": -5, "general_account_id": self.expense.id, **coded},
            {"amount": -5, "move_line_id": item.id, **coded},
        ):
            with self.assertRaises(UserError), self.cr.savepoint():
                self.env["account.analytic.line"].create({"name": "By hand", **values})

    def test_hours_are_worth_nothing_by_themselves(self):
        if "employee_id" not in self.env["account.analytic.line"]._fields:
            self.assertFalse(self.hours(IN_MARCH).amount)
            return
        employee = self.env["hr.employee"].create({"name": "Crew", "hourly_cost": 50})
        plain = self.env["project.project"].create({"name": "Plain", "allow_timesheets": True})
        for project, worth in ((self.job, 0), (plain, -400)):
            line = self.env["account.analytic.line"].create(
                {"name": "h", "project_id": project.id, "employee_id": employee.id,
                 "unit_amount": 8, "date": IN_MARCH}
            )  # fmt: skip
            self.assertEqual(line.amount, worth, project.name)
            line.unit_amount = 9
            self.assertEqual(line.amount, worth * 9 / 8, project.name)

    def test_x17_analytic_costs_of_transfers_are_off_for_jobs(self):
        """Received 10 for the job with the native switch on: only the bill is cost."""
        Picking = self.env["stock.picking.type"]
        self.budget()
        product = self.env["product.product"].create({"name": "Rebar", "type": "consu"})
        if "analytic_costs" in Picking._fields:  # project_stock_account
            Picking.search([]).analytic_costs = True
        order = self.order(self.line(10, product_id=product.id, price_unit=5), confirm=True)
        picking = order.picking_ids
        if "project_id" in picking._fields:  # project_stock
            picking.project_id = self.job
        picking.move_ids.quantity = 10
        picking.button_validate()
        self.assertEqual(picking.state, "done")
        self.assertFalse(
            self.env["account.analytic.line"].search([("account_id", "=", self.job.account_id.id)])
        )

    def test_a_posted_item_stays_as_it_was_posted(self):
        self.at_commit()
        move = self.cost_entry()
        item = move.line_ids.filtered("analytic_distribution")
        other = move.line_ids - item
        with self.assertRaisesRegex(UserError, "Transfer cost"):
            item.analytic_distribution = self.key(code=self.other_code)
        item.analytic_distribution = self.key()  # nothing changes
        with self.assertRaisesRegex(UserError, "reset its entry"):
            item.write({"debit": 90})
        with self.assertRaisesRegex(UserError, "Transfer cost"):
            item.analytic_line_ids.amount = -90
        other.name = "Free text"
        with self.assertRaisesRegex(UserError, "Transfer cost"):
            other.analytic_distribution = self.key()

    def test_bulk_posting_asks_once(self):
        def queries(number):
            moves = self.env["account.move"].union(
                *(self.cost_entry(post=False, date=IN_MARCH) for _each in range(number))
            )
            self.env.flush_all()
            self.env.invalidate_all()
            moves.line_ids.mapped("analytic_distribution")
            before = self.env.cr.sql_log_count
            moves.line_ids._check_job_lines()
            return self.env.cr.sql_log_count - before

        queries(1)
        few = queries(5)
        self.assertEqual(queries(100), few)
        self.assertLess(few, 20)


@tagged("post_install", "-at_install")
class TestLockedMeanwhile(TransactionCase):
    """A transaction that began before the month was locked does not book into it."""

    ASK = "SELECT construction_period_is_locked(%s, '1999-05-17')"

    def setUp(self):
        super().setUp()
        self.month = [self.env.ref("base.main_company").id]
        with self.registry.cursor() as cr:
            cr.execute(
                "INSERT INTO construction_period (company_id, month, job_cost_state,"
                " payroll_state, job_cost_by_id, job_cost_at)"
                " VALUES (%s, '1999-05-01', 'soft', 'open', 1, now())",
                self.month,
            )
        self.addCleanup(self.run_apart, "DELETE FROM construction_period WHERE month = %s")

    def run_apart(self, query):
        with self.registry.cursor() as cr:
            cr.execute("SET LOCAL lock_timeout = '500ms'")
            cr.execute(query, ["1999-05-01"])

    def lock(self):
        self.run_apart("UPDATE construction_period SET job_cost_state = 'locked' WHERE month = %s")

    def test_an_older_transaction_starts_again(self):
        with self.registry.cursor() as early:
            early.execute("SELECT 1")
            self.lock()
            with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.OperationalError) as error:
                early.execute(self.ASK, self.month)
            self.assertIsInstance(error.exception, psycopg2.errors.SerializationFailure)
            early.rollback()
        with self.registry.cursor() as late:
            late.execute(self.ASK, self.month)
            self.assertTrue(late.fetchone()[0])

    def test_who_locks_waits_for_who_books(self):
        with self.registry.cursor() as booking:
            booking.execute(self.ASK, self.month)
            with (
                mute_logger("odoo.sql_db"),
                self.assertRaises(psycopg2.errors.LockNotAvailable),
            ):
                self.lock()
            booking.rollback()
        self.lock()
