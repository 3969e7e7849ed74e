"""The lock dates of Odoo in one screen: who set them, when, and who is let past them."""

from datetime import date

from odoo.exceptions import AccessError, RedirectWarning, UserError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger
from psycopg2.errors import InsufficientPrivilege

from .domain import DomainCase

MAY_31, JUNE_30 = date(2026, 5, 31), date(2026, 6, 30)
GLOBAL, HARD = "fiscalyear_lock_date", "hard_lock_date"


@tagged("post_install", "-at_install")
class TestLockDates(DomainCase, TransactionCase):
    def given(self):
        super().given()
        self.finance = self.make_user("lock-finance", "finance")
        self.controller = self.make_user("lock-controller", "finance")
        self.controller.group_ids |= self.env.ref("account.group_account_manager")
        self.bookkeeper = self.make_user("lock-bookkeeper")
        self.bookkeeper.group_ids |= self.env.ref("account.group_account_manager")

    def set(self, kind, day, user=None, reason="Month closed"):
        return (
            self.env["construction.lock.set"]
            .with_user(user or self.controller)
            .create({"kind": kind, "locked_until": day, "reason": reason})
            .action_set()
        )

    def exempt(self, **values):
        values = {"reason": "A late bill", "kind": GLOBAL} | values
        dialog = self.env["construction.lock.exempt"].with_user(self.controller).create(values)
        return dialog.action_allow()

    def locks(self, user=None):
        self.env.flush_all()
        self.env.invalidate_all()
        rows = self.env["construction.lock"].with_user(user or self.finance).search([])
        self.assertEqual(rows.company_id, self.company)
        return {row.kind: row for row in rows}

    def test_set_by_whom_and_when(self):
        self.set(GLOBAL, MAY_31)
        self.assertEqual(self.company.fiscalyear_lock_date, MAY_31)
        row = self.locks()[GLOBAL]
        self.assertEqual(
            (row.locked_until, row.changed_by_id, row.reason),
            (MAY_31, self.controller, "Month closed"),
        )
        self.assertTrue(row.changed_at)
        self.set(GLOBAL, JUNE_30)
        history = self.env["construction.lock.change"].search(
            row.with_user(self.finance).action_open()["domain"]
        )
        self.assertEqual(
            [(change.before, change.after) for change in history],
            [(MAY_31, JUNE_30), (False, MAY_31)],
        )
        with self.assertRaisesRegex(UserError, "already"):
            self.set(GLOBAL, JUNE_30)

    def test_whatever_the_path(self):
        self.company.write({"sale_lock_date": MAY_31, "name": "Renamed"})
        self.company.write({"sale_lock_date": MAY_31})  # nothing changes: nothing is told
        row = self.locks()["sale_lock_date"]
        self.assertEqual((row.changed_by_id, row.reason), (self.env.user, False))
        history = self.env["construction.lock.change"].search([])
        self.assertEqual(history.mapped("kind"), ["sale_lock_date"])
        audit = self.env["construction.audit"].search([("action", "=", "lock_date_set")])
        self.assertEqual(audit.res_id, self.company.id)

    def test_the_history_stays(self):
        self.set(GLOBAL, MAY_31)
        change = self.env["construction.lock.change"].search([])
        with self.assertRaises(UserError):
            change.after = JUNE_30
        self.env.flush_all()
        for query in (
            "UPDATE construction_lock_change SET after = NULL",
            "DELETE FROM construction_lock_change",
        ):
            with mute_logger("odoo.sql_db"), self.assertRaises(InsufficientPrivilege):
                with self.cr.savepoint():
                    self.env.cr.execute(query)

    def test_finance_with_the_right_that_odoo_asks(self):
        for user in (self.finance, self.bookkeeper, self.make_user("lock-pm", "project_manager")):
            with self.assertRaises(AccessError, msg=user.name):
                self.set(GLOBAL, MAY_31, user)
        with self.assertRaisesRegex(AccessError, "accounting administrators"):
            self.locks()[GLOBAL].action_set()
        self.assertFalse(self.locks()[GLOBAL].may_set)
        rows = self.locks(self.controller)
        self.assertTrue(rows[GLOBAL].may_set)
        self.assertFalse(rows["job_cost"].may_set)
        self.assertEqual(rows[GLOBAL].action_set()["context"]["default_kind"], GLOBAL)
        with self.assertRaises(AccessError):
            self.set(GLOBAL, MAY_31, self.make_user("lock-other", "finance",
                     company=self.make_company("Elsewhere Locks")))  # fmt: skip

    def test_odoo_checks_it(self):
        """Drafts stop a hard lock, and none is taken back."""
        draft = self.cost_entry(date="2026-05-05", post=False)
        with self.assertRaises(RedirectWarning):
            self.set(HARD, MAY_31)
        draft.unlink()
        self.set(HARD, MAY_31)
        for day in (False, date(2026, 4, 30)):
            with self.assertRaises(UserError), self.cr.savepoint():
                self.set(HARD, day)
        with self.assertRaises(UserError):
            self.cost_entry(date="2026-05-05")

    def test_exceptions(self):
        with self.assertRaisesRegex(UserError, "before the lock date"):
            self.exempt()
        self.set(GLOBAL, MAY_31)
        with self.assertRaisesRegex(UserError, "before the lock date"):
            self.exempt(locked_until=MAY_31)
        self.exempt(user_id=self.bookkeeper.id, locked_until=date(2026, 4, 30), minutes="60")
        row = self.locks()[GLOBAL]
        self.assertEqual(row.exceptions, 1)
        found = self.env["account.lock_exception"].search(row.action_open_exceptions()["domain"])
        self.assertEqual((found.user_id, found.lock_date), (self.bookkeeper, date(2026, 4, 30)))
        company = self.company.with_user(self.bookkeeper)
        self.assertEqual(company.user_fiscalyear_lock_date, date(2026, 4, 30))
        self.assertEqual(self.company.with_user(self.finance).user_fiscalyear_lock_date, MAY_31)
        found.with_user(self.controller).action_revoke()
        self.assertEqual(self.locks()[GLOBAL].exceptions, 0)

    def test_an_exception_does_not_open_a_month_of_job_cost(self):
        period = self.env["construction.period"].create({"month": "2026-05-01"})
        period = period.with_user(self.finance)
        while period.job_cost_state != "locked":
            period.action_advance()
        row = self.locks()["job_cost"]
        self.assertEqual((row.locked_until, row.changed_by_id), (MAY_31, self.finance))
        self.assertEqual(row.action_open()["res_model"], "construction.period")
        self.set(GLOBAL, MAY_31)
        self.exempt()
        with self.assertRaisesRegex(UserError, "job cost of May 2026 is locked"):
            self.cost_entry(date="2026-05-05")
        plain = self.entry((self.asset, 5, False), (self.income, -5, False), date="2026-05-05")
        self.assertEqual(str(plain.date), "2026-05-05", "the exception holds for the ledger")

    def test_the_checklist_leads_here(self):
        period = self.env["construction.period"].create({"month": "2026-05-01"})
        self.env.flush_all()
        row = self.env["construction.period.check"].search(
            [("period_id", "=", period.id), ("key", "=", "lock_ledger")]
        )
        action = row.action_open_documents()
        found = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual((found.company_id, found.kind), (self.company, GLOBAL))
