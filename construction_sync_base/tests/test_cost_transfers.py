"""Posted cost is recoded by a dated transfer alone; the original stays as it was."""

from datetime import timedelta

import psycopg2
from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, TransactionCase, tagged
from odoo.tools import mute_logger

from .approvals import ApprovalCase


class TransferCase(ApprovalCase):
    def given(self):
        super().given()
        self.move = self.cost_entry(1000)
        self.item = self.move.line_ids.filtered("analytic_distribution")

    def transfer(self, *lines, user=None, **values):
        """A draft that moves 400 of the item to the other code, unless lines are given."""
        return (
            self.env["construction.cost.transfer"]
            .with_user(user or self.manager)
            .create(
                {
                    "reason": "Wrong code on the delivery note",
                    "line_ids": [Command.create(line) for line in lines or (self.values(400),)],
                    **values,
                }
            )
        )

    def values(self, amount, item=None, **over):
        return {
            "source_item_id": (self.item if item is None else item).id,
            "account_id": self.expense.id,
            "from_job_id": self.job.id,
            "from_cost_code_id": self.code.id,
            "from_cost_type_id": self.material.id,
            "to_job_id": self.job.id,
            "to_cost_code_id": self.other_code.id,
            "to_cost_type_id": self.material.id,
            "amount": amount,
            **over,
        }

    def released(self, *lines, **values):
        record = self.transfer(*lines, **values)
        record.action_submit()
        record.with_user(self.finance).action_release()
        return record


@tagged("post_install", "-at_install")
class TestCostTransfers(TransferCase, TransactionCase):
    def test_a_dated_entry_and_the_original_untouched(self):
        before = self.rows()
        day = fields.Date.today() - timedelta(days=1)
        record = self.released(date=day)
        entry = record.move_id
        self.assertEqual((record.state, entry.state, entry.date), ("posted", "posted", day))
        self.assertEqual(entry.line_ids.account_id, self.expense)
        found = {(line.balance, *line.analytic_distribution) for line in entry.line_ids}
        self.assertEqual(found, {(-400, *self.key()), (400, *self.key(code=self.other_code))})
        self.assertFigures(actual=600)
        self.assertFigures(code=self.other_code, actual=400)
        self.assertEqual(self.rows(), before)
        self.assertEqual(entry.line_ids.cost_transfer_line_id, record.line_ids)

    def rows(self):
        """The original entry as it stands in the database."""
        self.env.flush_all()
        found = []
        for query in (
            "SELECT * FROM account_move WHERE id = %s",
            "SELECT * FROM account_move_line WHERE move_id = %s ORDER BY id",
            "SELECT a.* FROM account_analytic_line a JOIN account_move_line l"
            " ON l.id = a.move_line_id WHERE l.move_id = %s ORDER BY a.id",
        ):
            self.env.cr.execute(query, [self.move.id])
            found.append(self.env.cr.dictfetchall())
        return found

    def test_between_jobs_and_types_and_of_a_credit(self):
        job = self.make_job("26-101")
        credit = self.cost_entry(-50).line_ids.filtered("analytic_distribution")
        self.released(
            self.values(1000, to_job_id=job.id, to_cost_type_id=self.subcontract.id),
            self.values(-50, credit),
        )
        self.assertFigures(actual=0)
        self.assertFigures(code=self.other_code, actual=-50)
        self.assertFigures(self.other_code, self.subcontract, job, actual=1000)

    def test_no_item_gives_more_than_it_has(self):
        self.released()
        for amount in (600.01, -1, 1000):
            with self.assertRaisesRegex(UserError, "600.00.* left to move"):
                self.transfer(self.values(amount)).action_submit()
        waiting = self.transfer(self.values(500))
        waiting.action_submit()
        with self.assertRaisesRegex(UserError, "100.00.* left to move"):
            self.transfer(self.values(100.01)).action_submit()
        with self.assertRaisesRegex(UserError, "left to move"):
            self.transfer(self.values(60), self.values(60)).action_submit()
        waiting.with_user(self.finance).action_return("not this one")
        self.transfer(self.values(600)).action_submit()

    def test_only_what_is_posted_there(self):
        draft = self.cost_entry(post=False).line_ids.filtered("analytic_distribution")
        for name, line in {
            "draft": self.values(1, draft),
            "other code": self.values(1, from_cost_code_id=self.other_code.id,
                                      to_cost_code_id=self.code.id),
            "other account": self.values(1, account_id=self.expense.copy({"code": "699999"}).id),
        }.items():  # fmt: skip
            with self.assertRaisesRegex(UserError, "choose the item anew", msg=name):
                self.transfer(line).action_submit()
        with self.assertRaisesRegex(UserError, "no cost account"):
            self.transfer(self.values(1, account_id=self.asset.id))
        for over in ({"amount": 0}, {"to_cost_code_id": self.code.id}):
            with (
                mute_logger("odoo.sql_db"),
                self.assertRaises(psycopg2.errors.CheckViolation),
                self.cr.savepoint(),
            ):
                self.transfer(self.values(1) | over)
                self.env.flush_all()

    def test_another_person_releases_it_and_sees_what_it_does(self):
        self.budget(5000)
        record = self.transfer()
        record.action_submit()
        self.assertEqual((record.state, record.release_state), ("draft", "to_release"))
        self.assertRegex(
            record.release_effect,
            r"(?s)400\.00.*03-300 Material → 26-100 05-120 Material"
            r".*budget 26-100 03-300 Material: available .*4,000\.00 → .*4,400\.00"
            r".*budget 26-100 05-120 Material: available .*0\.00 → .*-400\.00",
        )
        with self.assertRaisesRegex(UserError, "submitted"):
            record.action_release()
        for user in (self.buyer, self.platform.service_user_id):
            with self.assertRaises(UserError), self.cr.savepoint():
                record.with_user(user).action_release()
        record.with_user(self.second).action_release()
        self.assertEqual((record.state, record.released_by_id), ("posted", self.second))

    def test_who_releases_sees_who_used_the_old_figure(self):
        order = self.order(self.line(5000), confirm=True, budget_reason="x")
        bill = self.bill(order, 700)
        month = fields.Date.today().replace(day=1)
        signed = self.env["construction.forecast"].create({"job_id": self.job.id, "month": month})
        signed.with_user(self.manager).action_sign()
        month_kept = month - timedelta(days=1)
        self.env["construction.job.cost.snapshot"].with_user(self.finance)._take(
            self.job, month_kept.replace(day=1)
        )
        item = bill.line_ids.filtered("analytic_distribution")
        values = self.values(300, item, account_id=item.account_id.id)
        told = self.transfer(values).release_effect
        for words in (
            f"bill {bill.name}: .*700.00 billed on {order.name}",
            "signed forecast of .*26-100 03-300 Material: cost to date .*1,700.00",
            "kept month .*26-100 03-300 Material: actual .*1,700.00",
        ):
            self.assertRegex(told, words)
        loose = self.transfer(values | {"source_item_id": False})
        self.assertIn(bill.name, loose.release_effect)
        # what nobody used is not told: the other job has neither bill nor forecast
        job = self.make_job("26-311")
        self.cost_entry(50, self.key(job))
        aside = {"from_job_id": job.id, "to_job_id": job.id, "source_item_id": False}
        effect = self.transfer(self.values(50, **aside)).release_effect
        self.assertNotRegex(effect, "bill|forecast|kept")

    def test_what_waits_or_is_posted_stays(self):
        record = self.transfer()
        record.action_submit()
        acts = (
            lambda: record.write({"reason": "x"}),
            lambda: record.line_ids.write({"amount": 1}),
            lambda: record.write({"line_ids": [Command.clear()]}),
            lambda: (
                self.env["construction.cost.transfer.line"]
                .with_user(self.manager)
                .create({"transfer_id": record.id, **self.values(1)})
            ),
            lambda: record.line_ids.unlink(),
            lambda: record.unlink(),
            lambda: record.write({"state": "posted"}),
            lambda: record.write({"move_id": self.move.id}),
        )
        for act in acts:
            with self.assertRaises(UserError), self.cr.savepoint():
                act()
        record.with_user(self.finance).action_release()
        for act in acts:
            with self.assertRaises(UserError), self.cr.savepoint():
                act()

    def test_its_month(self):
        period = self.env["construction.period"].create({"month": "2026-03-01"})
        for _step in range(3):
            period.with_user(self.finance).action_advance()
        record = self.transfer(date="2026-03-10")
        record.action_submit()
        with self.assertRaisesRegex(UserError, "only Finance"):
            record.with_user(self.second).action_release()
        period.with_user(self.finance).action_advance()
        with self.assertRaisesRegex(UserError, "locked"):
            record.with_user(self.finance).action_release()
        with self.assertRaisesRegex(UserError, "locked"):
            self.transfer(date="2026-03-11").action_submit()
        self.assertEqual(str(record.date), "2026-03-10", "no date is moved")
        record.action_take_back()
        record.date = "2026-04-01"
        record.action_submit()
        record.with_user(self.second).action_release()
        self.assertEqual(str(record.move_id.date), "2026-04-01")

    def test_finance_releases_into_a_month_that_is_being_closed(self):
        period = self.env["construction.period"].create({"month": "2026-03-01"})
        period.with_user(self.finance).action_advance()
        record = self.transfer(date="2026-03-10")
        record.action_submit()
        record.with_user(self.finance).action_release()
        self.assertEqual(record.move_id.job_cost_reason, record.reason)

    def test_a_closed_job_takes_none(self):
        job = self.make_job("26-102")
        record = self.transfer(self.values(1, to_job_id=job.id))
        record.action_submit()
        job.job_status = "closed"
        with self.assertRaisesRegex(UserError, "closed"):
            record.with_user(self.finance).action_release()

    def test_another_company(self):
        second = self.make_company("Second")
        abroad = self.make_job("26-970", company_id=second.id)
        with self.assertRaises(UserError):
            self.transfer(self.values(1, to_job_id=abroad.id), user=self.env.user)
        record = self.transfer()
        stranger = self.make_user("transfer-stranger", "finance", company=second)
        self.assertNotIn(record.id, record.with_user(stranger).search([]).ids, "the company rule")

    def test_project_users_see_those_of_their_jobs(self):
        private = self.make_job("26-971", privacy_visibility="followers")
        record = self.transfer(
            self.values(1, self.item.browse(), from_job_id=private.id, to_job_id=private.id)
        )
        reader = self.make_user("transfer-reader", "project_user")
        self.assertNotIn(record.id, record.with_user(reader).search([]).ids)
        private.message_subscribe(reader.partner_id.ids)
        self.assertIn(record.id, record.with_user(reader).search([]).ids)

    # ---------------------------------------------------------------- dialog
    def dialog(self, records, user=None):
        action = records.with_user(user or self.finance).action_cost_transfer()
        self.assertEqual((action["res_model"], action["target"]),
                         ("construction.cost.transfer", "new"))  # fmt: skip
        return Form(
            self.env["construction.cost.transfer"]
            .with_user(user or self.finance)
            .with_context(**action["context"]),
            view=action["views"][0][0],
        )

    def fill(self, form):
        form.reason = "Wrong code"
        with form.line_ids.edit(0) as line:
            line.to_cost_code_id = self.other_code
        record = form.save()
        record.action_submit()
        record.with_user(self.controller).action_release()
        return record

    def test_from_a_journal_item(self):
        self.released(self.values(400))
        record = self.fill(self.dialog(self.move.line_ids))
        self.assertEqual(record.line_ids.amount, 600, "what is left of it")
        self.assertFigures(code=self.other_code, actual=1000)
        with self.assertRaisesRegex(UserError, "moved already"):
            self.item.with_user(self.finance).action_cost_transfer()

    def test_from_an_analytic_line(self):
        record = self.fill(self.dialog(self.item.analytic_line_ids))
        self.assertEqual(record.line_ids.source_item_id, self.item)
        self.assertFigures(code=self.other_code, actual=1000)

    def test_from_the_job_cost_by_a_project_manager(self):
        self.env.flush_all()
        row = self.env["construction.job.cost"].search(
            [("job_id", "=", self.job.id), ("cost_code_id", "=", self.code.id)]
        )
        record = self.fill(self.dialog(row, self.manager))
        self.assertEqual(record.line_ids.amount, 1000)
        self.assertFigures(code=self.other_code, actual=1000)

    def test_nothing_to_move(self):
        plain = self.entry((self.expense, 50, False), (self.asset, -50, False))
        for items in (plain.line_ids, self.cost_entry(post=False).line_ids):
            with self.assertRaisesRegex(UserError, "Choose posted items"):
                items.with_user(self.finance).action_cost_transfer()
        with self.assertRaises(AccessError):
            self.item.with_user(self.buyer).action_cost_transfer()

    def test_a_native_edit_leads_to_the_dialog(self):
        with self.assertRaisesRegex(UserError, "Transfer cost"):
            self.item.analytic_distribution = self.key(code=self.other_code)
