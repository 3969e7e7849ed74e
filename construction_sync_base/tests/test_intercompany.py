"""Cost of one company on another's job: two entries of one date, or none."""

from datetime import date
from decimal import Decimal

import psycopg2
from odoo import SUPERUSER_ID, api
from odoo.exceptions import AccessError, LockError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from .intercompany import DAY, IntercompanyCase
from .multi_company import RATE


@tagged("post_install", "-at_install")
class TestIntercompany(IntercompanyCase, TransactionCase):
    # ------------------------------------------------------------- the pair
    def test_one_release_posts_both_sides_on_one_day(self):
        document = self.submitted(1000)
        self.assertEqual((document.state, document.move_id.id), ("draft", False))
        self.release(document)
        ours, theirs = document.move_id.sudo(), document.job_move_id.sudo()
        self.assertEqual((ours.company_id, theirs.company_id), (self.company, self.euro))
        self.assertEqual({ours.date, theirs.date}, {date(2026, 3, 10)})
        self.assertEqual({ours.state, theirs.state}, {"posted"})
        self.assertEqual({ours.intercompany_id, theirs.intercompany_id}, {document.sudo()})
        self.assertEqual(self.items(ours), {("Due from", 1000, 1000), ("Recovery", -1000, -1000)})
        expense = self.env["account.account"].browse(
            self.env["construction.account.map"]._cost_account_id(
                self.euro, "material", self.euro_job
            )
        )
        self.assertEqual(
            self.items(theirs),
            {(expense.name, 1000, 1000 * RATE), ("Due to", -1000, -1000 * RATE)},
        )
        coded = theirs.line_ids.filtered("analytic_distribution")
        self.assertEqual(coded.analytic_distribution, self.key(self.euro_job))
        self.assertFalse(ours.line_ids.filtered("analytic_distribution"), "no job of theirs here")
        self.assertEqual(ours.line_ids.partner_id, self.euro.partner_id)
        self.assertEqual(theirs.line_ids.partner_id, self.company.partner_id)

    def test_the_other_way_round_in_a_third_currency(self):
        """Euro does work for Main's job; they agreed on pounds and ten percent."""
        pound = self.env.ref("base.GBP")
        pound.active = True
        self.env["res.currency.rate"].create(
            {"currency_id": pound.id, "name": "2026-01-01", "rate": 0.75, "company_id": False}
        )
        self.agree(self.euro, self.company, pound, basis="percent", percent=10)
        document = self.released(100, 33.33, 7.2, job=self.job, company=self.euro)
        # euros at 0.8 and pounds at 0.75 for a dollar
        self.assertEqual(document.line_ids.mapped("cost_due"), [93.75, 31.25, 6.75])
        self.assertEqual(document.line_ids.mapped("amount"), [103.13, 34.38, 7.43])
        self.assertEqual((document.amount_total, document.profit_amount), (144.94, 13.19))
        ours = document.move_id.sudo()
        profit = ours.line_ids.filtered("is_intercompany_profit")
        self.assertEqual(profit.mapped("amount_currency"), [-9.38, -3.13, -0.68])
        cost = ours.line_ids.filtered(
            lambda line: line.account_id == self.recovery[self.euro] and line not in profit
        )
        self.assertEqual(cost.mapped("balance"), [-100, -33.33, -7.2], "the cost itself comes back")
        exchange = self.euro.income_currency_exchange_account_id
        exchange |= self.euro.expense_currency_exchange_account_id
        self.assertEqual(
            ours.line_ids.filtered(lambda line: line.account_id in exchange).mapped("balance"),
            [0.01],
            "154.60 due, 140.53 of cost, 10.01 + 3.34 + 0.73 of profit",
        )
        theirs = document.job_move_id.sudo()
        self.assertEqual(sum(theirs.line_ids.filtered("analytic_distribution").mapped("balance")),
                         193.25)  # fmt: skip
        self.assertFigures(actual=193.25)
        tie = self.ties().filtered(lambda row: row.currency_id == pound)
        self.assertEqual((tie.due_from, tie.due_to, tie.difference), (144.94, 144.94, 0))

    def test_a_transfer_price_per_unit_of_its_category_and_day(self):
        self.agreement.rate_ids = [
            Command.create({"category": "equipment", "basis": "unit", "unit_price": 95.5,
                            "date_from": "2026-01-01"}),
            Command.create({"category": "equipment", "basis": "unit", "unit_price": 120,
                            "date_from": "2026-03-11"}),
        ]  # fmt: skip
        kind = {"cost_type_id": self.types["equipment"].id, "quantity": 8}
        for day, due in ((DAY, 764), ("2026-03-11", 960)):
            document = self.draft(
                date=day, line_ids=[Command.create(self.part(600, **kind) | {"name": "Crane"})]
            )
            self.assertEqual((document.amount_total, document.profit_amount), (due, due - 600))
        with self.assertRaises(psycopg2.errors.CheckViolation), mute_logger("odoo.sql_db"):
            self.agreement.rate_ids = [Command.create({"category": "labor", "percent": 5})]
            self.env.flush_all()

    # -------------------------------------------------------- both or nothing
    def assertNothing(self, document, message, **context):
        """Releasing it fails with this message, and neither ledger has moved."""
        before = self.posted()
        with self.assertRaisesRegex(UserError, message), self.cr.savepoint():
            self.release(document, **context)
        document.invalidate_recordset()
        self.assertEqual((self.posted(), document.state), (before, "draft"))
        self.assertFalse(document.move_id or document.job_move_id)

    def test_a_lock_in_either_company_stops_both(self):
        document = self.submitted()
        Period = self.env["construction.period"]
        for company in (self.company, self.euro):
            with self.cr.savepoint() as savepoint:
                company.sudo().hard_lock_date = "2026-03-31"
                self.assertNothing(document, f"lock date of {company.name}")
                savepoint.rollback()
            self.env.invalidate_all()
            with self.cr.savepoint() as savepoint:
                period = Period.create({"month": "2026-03-01", "company_id": company.id})
                for _step in range(4):
                    period.action_advance()
                self.assertEqual(period.job_cost_state, "locked")
                self.assertNothing(document, f"is locked in {company.name}")
                with self.assertRaisesRegex(UserError, "locked in"):
                    self.draft().action_submit()
                savepoint.rollback()
            self.env.invalidate_all()
        self.release(document)
        self.assertEqual(document.state, "posted")

    def test_a_fault_on_the_second_side_takes_back_the_first(self):
        """Whatever refuses the job's entry: the performing company's is gone with it."""
        document = self.submitted()
        self.euro_job.job_status = "closed"
        self.assertNothing(document, "closed")

    def test_what_is_missing_is_said_before_anybody_is_asked(self):
        clearing, maps = (
            self.env["construction.clearing.account"],
            self.env["construction.account.map"],
        )
        missing = {
            "Due from other companies": clearing.search(
                [("company_id", "=", self.company.id), ("purpose", "=", "due_from")]
            ),
            "Due to other companies": clearing.search(
                [("company_id", "=", self.euro.id), ("purpose", "=", "due_to")]
            ),
            "Euro Bau has no account for Material": maps.search(
                [("company_id", "=", self.euro.id), ("category", "=", "material")]
            ),
            "no rate for Material": self.agreement.rate_ids,
            "no agreement with Euro Bau": self.agreement,
        }
        for message, records in missing.items():
            document = self.submitted()
            with self.cr.savepoint() as savepoint:
                records.sudo().unlink()
                with self.assertRaisesRegex(UserError, message):
                    self.draft().action_submit()
                if "rate" not in message and "agreement" not in message:
                    self.assertNothing(document, message)
                savepoint.rollback()
            self.env.invalidate_all()
            self.env.registry.clear_cache()
        with self.cr.savepoint() as savepoint:
            maps.search([("company_id", "=", self.company.id)]).recovery_account_id = False
            with self.assertRaisesRegex(UserError, "intercompany recovery"):
                self.draft().action_submit()
            savepoint.rollback()
        self.env.registry.clear_cache()
        self.env["res.currency.rate"].search([("currency_id", "=", self.eur.id)]).unlink()
        with self.assertRaisesRegex(
            UserError, "EUR has no rate on or before 2026-03-10 in Euro Bau"
        ):
            self.draft().action_submit()

    # ------------------------------------------------------------- reversal
    def test_a_reversal_takes_back_both_at_the_rates_of_then(self):
        document = self.released(1000)
        self.env["res.currency.rate"].create(
            {"currency_id": self.eur.id, "name": "2026-04-01", "rate": 0.5, "company_id": False}
        )
        for move in (document.move_id, document.job_move_id):
            for act in ("button_draft", "button_cancel", "_reverse_moves"):
                with self.assertRaisesRegex(UserError, "counterpart in another company"):
                    getattr(move.sudo(), act)()
        reversal = self.env["construction.intercompany"].browse(
            document.with_user(self.finance).action_reverse()["res_id"]
        ).with_user(self.finance).with_context(allowed_company_ids=self.all.ids)  # fmt: skip
        with self.assertRaisesRegex(UserError, "taken back by"):
            document.with_user(self.finance).action_reverse()
        with self.assertRaisesRegex(UserError, "line by line"):
            reversal.line_ids.cost_amount = 1
        reversal.date = "2026-04-05"
        reversal.action_submit()
        self.assertEqual(document.state, "posted", "nothing before its release")
        self.release(reversal)
        self.assertEqual((document.state, reversal.state), ("reversed", "posted"))
        self.assertEqual(
            self.items(reversal.job_move_id) & {("Due to", 1000, 1000 * RATE)},
            {("Due to", 1000, 1000 * RATE)},
            "the rate of then: nothing is left of it",
        )
        self.assertEqual({reversal.move_id.sudo().date, reversal.job_move_id.sudo().date},
                         {date(2026, 4, 5)})  # fmt: skip
        due = document.move_id | document.job_move_id | reversal.move_id | reversal.job_move_id
        due = due.sudo().line_ids.filtered(
            lambda line: line.account_id.name in ("Due from", "Due to")
        )
        self.assertTrue(all(line.reconciled for line in due))
        self.assertFigures(job=self.euro_job, actual=0)
        with self.assertRaisesRegex(UserError, "Only what is posted"):
            document.with_user(self.finance).action_reverse()

    # --------------------------------------------------------------- rights
    def test_finance_of_both_companies_and_never_the_same_person(self):
        document = self.submitted()
        self.assertEqual(document.release_state, "to_release")
        self.assertIn("recovers", document.release_effect)
        with self.assertRaisesRegex(UserError, "submitted"):
            document.action_release()
        one = self.make_user("ic-one-company", "finance")
        with self.assertRaises(AccessError):
            document.with_user(one).with_context(
                allowed_company_ids=self.company.ids
            ).action_release()
        refusal = document.with_user(one).sudo()._people_refusal(one)
        self.assertRegex(refusal, "may not work in Euro Bau")
        with self.assertRaises(UserError), self.cr.savepoint():
            self.env["construction.intercompany"].with_user(one).create(
                {"company_id": self.company.id, "job_company_id": self.euro.id, "reason": "x"}
            )
        manager = self.make_user("ic-manager", "project_manager")
        manager.company_ids = self.all
        with self.assertRaises(AccessError):
            document.with_user(manager).read(["profit_amount"])
        computed = ("amount_total", "cost_amount", "profit_amount", "job_amount", "charged_amount",
                    "currency_id", "agreement_id")  # fmt: skip
        forged = [{name: self.eur.id if name == "currency_id" else 1} for name in computed]
        for vals in ({"state": "posted"}, {"move_id": 1}, *forged):
            with self.assertRaisesRegex(UserError, "release gate", msg=vals), self.cr.savepoint():
                document.write(vals)
        with self.assertRaisesRegex(UserError, "take it back"), self.cr.savepoint():
            document.write({"date": "2026-03-11"})
        with self.assertRaisesRegex(UserError, "release gate"), self.cr.savepoint():
            self.draft(amount_total=1)
        self.release(document)
        with self.assertRaises(UserError), self.cr.savepoint():
            document.unlink()

    def test_a_policy_posts_only_where_both_companies_have_it(self):
        self.release_by_policy("intercompany", self.company)
        self.assertEqual(self.submitted().state, "draft")
        theirs = self.release_by_policy("intercompany", self.euro)
        document = self.submitted()
        self.assertEqual((document.state, document.release_automatic), ("posted", True))
        theirs.sudo().write({"amount_limit": 800})  # euros: what 1,000 dollars are at 0.8
        self.assertEqual(self.submitted(1000).state, "posted")
        self.assertEqual(self.submitted(1000.5).state, "draft")

    def test_who_works_in_one_company_opens_its_entry(self):
        """The counterpart and the document stay out of sight; the entry does not break."""
        one = self.make_user("ic-reader", "finance", company=self.euro)
        document = self.released()
        move = document.job_move_id.with_user(one).with_context(allowed_company_ids=self.euro.ids)
        (row,) = move.web_read(
            {"intercompany_id": {"fields": {"display_name": {}}}, "intercompany_cost_ids": {},
             "ref": {}}
        )  # fmt: skip
        self.assertEqual(row["ref"], f"{document.number}: Crane week")
        with self.assertRaises(AccessError):
            move.sudo().intercompany_id.with_env(move.env).read(["cost_amount"])
        for model in ("construction.intercompany", "construction.intercompany.tie"):
            self.assertFalse(move.env[model].search([]), model)

    def test_cost_of_one_batch_for_jobs_of_several_companies(self):
        """The way of labor and equipment: a document per company of the jobs, all submitted."""
        self.agree(self.company, self.second, basis="percent", percent=10)
        job = self.make_job("26-980", company_id=self.second.id)
        rows = [
            {"job": job, "cost_code": self.code, "cost_type": self.material,
             "cost": Decimal(cost), "name": "Crew"}
            for job, cost in ((self.euro_job, "100"), (job, "50.55"), (self.euro_job, "20.10"))
        ]  # fmt: skip
        documents = self.env["construction.intercompany"]._propose(
            self.company, DAY, rows, "Week 10"
        )
        self.assertEqual(
            {(one.job_company_id, one.cost_amount, one.amount_total) for one in documents},
            {(self.euro, 120.1, 120.1), (self.second, 50.55, 55.61)},
        )
        self.assertEqual(set(documents.mapped("release_state")), {"to_release"})
        self.release(documents)
        self.assertEqual(len(documents.move_id | documents.job_move_id), 4)
        self.agreement.rate_ids.unlink()
        before = self.env["construction.intercompany"].search_count([])
        with self.assertRaisesRegex(UserError, "no rate"), self.cr.savepoint():
            self.env["construction.intercompany"]._propose(self.company, DAY, rows, "Week 11")
        self.assertEqual(self.env["construction.intercompany"].search_count([]), before)

    def test_only_jobs_of_the_other_company(self):
        with self.assertRaisesRegex(ValidationError, "no job of Euro Bau"):
            self.draft(line_ids=[Command.create(self.part(1, job=self.job))])
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(psycopg2.errors.CheckViolation),
            self.cr.savepoint(),
        ):
            self.draft(job=self.job)
            self.env.flush_all()

    def test_a_pair_has_one_entry_in_each_company(self):
        """Whatever went wrong before: the database takes no second one."""
        document = self.released()
        with self.assertRaisesRegex(UserError, "does not wait"):
            self.release(document)
        with self.assertRaisesRegex(UserError, "posted already"):
            document._at_the_gate()._release_perform()
        other = self.cost_entry(5)
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(psycopg2.errors.UniqueViolation),
            self.cr.savepoint(),
        ):
            self.env.cr.execute(
                "UPDATE account_move SET intercompany_id = %s WHERE id = %s",
                [document.id, other.id],
            )

    def test_items_of_a_pair_keep_their_amount(self):
        line = self.released().move_id.sudo().line_ids[:1]
        for vals in ({"partner_id": self.vendor.id}, {"account_id": self.asset.id}):
            with self.assertRaisesRegex(UserError, "counterpart"), self.cr.savepoint():
                line.write(vals)


@tagged("post_install", "-at_install")
class TestReleasedTwice(TransactionCase):
    """Two people press Release at the same moment, each in a transaction of its own: the second
    neither waits nor posts, and one that began before the other was done starts again."""

    def setUp(self):
        super().setUp()
        self.company = self.env["res.company"].search([], limit=1, order="id").id
        with self.registry.cursor() as cr:
            cr.execute(
                """
                INSERT INTO res_company SELECT (jsonb_populate_record(c, jsonb_build_object(
                       'id', nextval('res_company_id_seq'), 'name', 'Raced'))).*
                  FROM res_company c WHERE id = %s RETURNING id
                """,
                [self.company],
            )
            self.other = cr.fetchone()[0]
            cr.execute(
                """
                INSERT INTO construction_intercompany
                       (number, company_id, job_company_id, date, reason, state, release_state)
                VALUES ('IC/RACE', %s, %s, '2026-03-10', 'race', 'draft', 'to_release')
                RETURNING id
                """,
                [self.company, self.other],
            )
            self.document = cr.fetchone()[0]
        self.addCleanup(self.clean)

    def clean(self):
        with self.registry.cursor() as cr:
            cr.execute("DELETE FROM construction_intercompany WHERE id = %s", [self.document])
            cr.execute("DELETE FROM res_company WHERE id = %s", [self.other])

    def perform(self, cr):
        env = api.Environment(cr, SUPERUSER_ID, {})
        env["construction.intercompany"].browse(self.document)._at_the_gate()._release_perform()

    def test_the_second_posts_nothing(self):
        with self.registry.cursor() as first, self.registry.cursor() as second:
            second.execute("SELECT 1")  # its snapshot is taken
            first.execute(
                "SELECT id FROM construction_intercompany WHERE id = %s FOR UPDATE",
                [self.document],
            )
            with self.assertRaises(LockError):
                self.perform(second)
            first.execute(
                "UPDATE construction_intercompany SET reason = 'released' WHERE id = %s",
                [self.document],
            )
            first.commit()
            with (
                mute_logger("odoo.sql_db"),
                self.assertRaises(psycopg2.errors.SerializationFailure),
            ):
                self.perform(second)
            second.rollback()
