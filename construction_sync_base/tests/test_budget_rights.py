"""Budget changes across jobs, companies and currencies: who sees what, and in which money."""

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import TransactionCase, tagged

from .budgets import BudgetCase

MODELS = ("construction.budget.change", "construction.budget.change.line")


@tagged("post_install", "-at_install")
class TestBudgetRights(BudgetCase, TransactionCase):
    def of(self, change):
        return {"construction.budget.change": change,
                "construction.budget.change.line": change.line_ids}  # fmt: skip

    def test_project_users_read_the_changes_of_their_jobs(self):
        private = self.make_job("26-950", privacy_visibility="followers")
        public = self.make_job("26-951", privacy_visibility="employees")
        user = self.make_user("rights-own", "project_user")
        hidden, seen = (self.of(self.change(job_id=job.id)) for job in (private, public))
        for model in MODELS:
            found = self.env[model].with_user(user).search([])
            self.assertIn(seen[model].id, found.ids)
            self.assertNotIn(hidden[model].id, found.ids)
            with self.assertRaises(AccessError):
                hidden[model].with_user(user).read(["amount" if "line" in model else "reason"])
        private.message_subscribe(user.partner_id.ids)
        for model in MODELS:
            self.assertIn(hidden[model].id, self.env[model].with_user(user).search([]).ids)

    def test_project_users_change_nothing(self):
        change = self.change().with_user(self.make_user("rights-user", "project_user"))
        for act in (
            lambda: change.write({"reason": "x"}),
            lambda: change.line_ids.write({"amount": 1}),
            lambda: change.copy(),
            lambda: change.unlink(),
            lambda: change.action_approve(),
        ):
            with self.assertRaises(AccessError), self.cr.savepoint():
                act()

    def test_another_company_sees_and_moves_nothing(self):
        change = self.change(approve=True)
        draft = self.change()
        stranger = self.make_user(
            "rights-stranger", "project_manager", "finance", company=self.make_company("Second")
        )
        for record in (*self.of(change).values(), *self.of(draft).values()):
            self.assertNotIn(record.id, record.with_user(stranger).search([]).ids)
        for number, act in enumerate(
            (
                lambda: change.with_user(stranger).action_void("x"),
                lambda: draft.with_user(stranger).action_approve(),
                lambda: self.job.with_user(stranger).action_lock_budget(),
                lambda: self.main_line.with_user(stranger).action_use_reserve(),
                lambda: (
                    self.env["construction.budget.change"]
                    .with_user(stranger)
                    .create({"job_id": self.job.id, "reason": "x"})
                ),
                lambda: (
                    self.env["construction.budget.import"]
                    .with_user(stranger)
                    .create(
                        {
                            "job_id": self.job.id,
                            "source": "paste",
                            "text": "03-300\tmaterial\tx\t\t\t\t5",
                        }
                    )
                    .action_preview()
                ),
            )
        ):
            with self.assertRaises(AccessError, msg=number), self.cr.savepoint():
                self.env.invalidate_all()
                act()
        self.assertEqual(self.revised()[2], 1100)

    def test_a_dialog_tells_a_stranger_no_figure(self):
        stranger = self.make_user(
            "rights-curious", "project_manager", company=self.make_company("Second")
        )
        held = self.first.line_ids.filtered("reserve")
        self.env.invalidate_all()
        dialog = self.env["construction.budget.reserve.use"].with_user(stranger)
        with self.assertRaises(AccessError):
            dialog.new({"line_id": held.id}).mapped("left_amount")

    def test_codes_of_another_company_are_refused(self):
        code = self.make_code("09-111", company_id=self.make_company("Second").id)
        with self.assertRaises(UserError):
            self.change((code, self.material, 5.0))

    def test_each_job_in_its_own_money(self):
        yen = self.env.ref("base.JPY")
        yen.active = True
        abroad = self.make_company("Tokyo", yen)
        abroad.currency_id = yen  # its chart of accounts said dollars
        job = self.make_job("26-952", company_id=abroad.id)
        self.version((self.code, self.material, 100000.0), job_id=job.id).action_approve()
        change = self.change((self.code, self.material, 500.0), job_id=job.id, approve=True)
        self.assertEqual((change.currency_id, change.company_id), (yen, abroad))
        self.change(approve=True)
        positions = self.env["construction.job.cost"]._positions(job | self.job)
        for of, wanted in ((job, 100500), (self.job, 1100)):
            figures = positions[of.id, self.code.id, self.material.id]
            self.assertEqual(figures["budget"], wanted)
        dialog = self.env["construction.budget.import"].create(
            {
                "job_id": job.id,
                "source": "paste",
                "text": "03-300\tmaterial\tx\t\t\t\t5.5\n03-300\tmaterial\ty\t3\tcy\t1.5\t",
            }
        )
        dialog.action_preview()
        self.assertIn("0 decimals", dialog.line_ids[0].error)
        self.assertEqual(dialog.line_ids[1].amount, 5, "4.5 yen, half up")

    def test_a_manager_of_both_companies_keeps_them_apart(self):
        second = self.make_company("Second")
        user = self.make_user("rights-both", "project_manager")
        user.company_ids = [Command.link(second.id)]
        job = self.make_job("26-953", company_id=second.id)
        changes = self.env["construction.budget.change"].with_user(user)
        one = changes.with_context(allowed_company_ids=self.company.ids)
        with self.assertRaises(AccessError):
            one.create({"job_id": job.id, "reason": "x"})
        both = changes.with_context(allowed_company_ids=[self.company.id, second.id])
        self.assertEqual(both.create({"job_id": job.id, "reason": "x"}).company_id, second)
