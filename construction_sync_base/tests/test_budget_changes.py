"""Budget changes: what they may be, who decides, what they do to the figures."""

from datetime import date

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger
from psycopg2.errors import CheckViolation, NotNullViolation, UniqueViolation

from .approvals import ApprovalCase
from .budgets import BudgetCase


@tagged("post_install", "-at_install")
class TestBudgetChanges(BudgetCase, TransactionCase):
    def test_a_revision_and_a_transfer(self):
        revision = self.change()
        self.assertEqual(self.revised(), (1000, 0, 1000), "a draft counts nothing")
        revision.action_approve()
        self.assertEqual((revision.state, bool(revision.approved_on)), ("approved", True))
        self.assertEqual(self.revised(), (1000, 100, 1100))
        self.transfer(50)
        self.assertEqual(self.revised(), (1000, 50, 1050))
        self.assertEqual(self.revised(cost_type=self.subcontract), (500, 50, 550))
        self.assertEqual(self.main_line.amount, 1000, "the version stays as it was")

    def test_a_code_that_the_version_does_not_have(self):
        self.change((self.other_code, self.material, 70.0), approve=True)
        self.assertEqual(self.revised(self.other_code), (0, 70, 70))
        self.assertFigures(code=self.other_code, budget=70, available=70)

    def test_a_transfer_adds_up_to_zero(self):
        transfer = self.change(
            (self.code, self.material, -50.0),
            (self.code, self.subcontract, 49.99),
            kind="transfer",
        )
        with self.assertRaisesRegex(UserError, "adds up to zero"):
            transfer.action_approve()
        self.assertEqual(transfer.state, "draft")
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(CheckViolation),
            self.cr.savepoint(),
        ):
            self.env.flush_all()
            self.cr.execute(
                "UPDATE construction_budget_change SET state = 'approved', approved_on = now()"
                " WHERE id = %s",
                (transfer.id,),
            )

    def test_cents_add_up(self):
        self.change(
            (self.code, self.material, -0.3),
            (self.code, self.subcontract, 0.1),
            (self.other_code, self.subcontract, 0.2),
            kind="transfer",
            approve=True,
        )
        self.assertEqual(self.revised()[1], -0.3)

    def test_numbers(self):
        first, second = self.change(), self.change(number="CO-7")
        third = self.change()
        self.assertEqual((first.number, second.number, third.number), ("BC-001", "CO-7", "BC-003"))
        other = self.make_job("26-101")
        self.assertEqual(self.change(job_id=other.id, number="CO-7").number, "CO-7")
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(UniqueViolation),
            self.cr.savepoint(),
        ):
            self.change(number="CO-7")

    def test_a_reason_is_asked(self):
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(NotNullViolation),
            self.cr.savepoint(),
        ):
            self.change(reason=False)
        with self.assertRaisesRegex(UserError, "Reason"):
            self.change(reason="").action_approve()

    def test_one_without_lines_is_not_submitted(self):
        change = self.change(line_ids=[])
        with self.assertRaisesRegex(UserError, "Line"):
            change.action_approve()

    def test_approved_is_frozen(self):
        change = self.change(approve=True)
        draft = self.change()
        for act in (
            lambda: change.write({"reason": "x"}),
            lambda: change.write({"date": "2026-01-01"}),
            lambda: change.write({"line_ids": [Command.clear()]}),
            lambda: change.line_ids.write({"amount": 1}),
            lambda: change.line_ids.unlink(),
            lambda: change.line_ids.copy({"change_id": change.id}),
            lambda: draft.line_ids.write({"change_id": change.id}),
            lambda: change.unlink(),
            lambda: change.action_approve(),
        ):
            with self.assertRaises(UserError), self.cr.savepoint():
                act()

    def test_the_state_moves_by_buttons_alone(self):
        change = self.change()
        Change = self.env["construction.budget.change"]
        for act in (
            lambda: change.write({"state": "approved"}),
            lambda: change.write({"approved_on": "2026-01-01 10:00:00"}),
            lambda: change.write({"voids_id": change.copy().id}),
            lambda: change.write({"source_model": "res.users", "source_id": 1}),
            lambda: Change.create({"job_id": self.job.id, "reason": "x", "state": "approved"}),
            lambda: Change.create({"job_id": self.job.id, "reason": "x", "voids_id": change.id}),
            lambda: Change.with_context(construction_approval=True).create(
                {"job_id": self.job.id, "reason": "x", "voids_id": change.id}
            ),
            lambda: change.write({"release_state": "released"}),
        ):
            with self.assertRaises(UserError), self.cr.savepoint():
                act()

    def test_who_approves(self):
        change = self.change()
        for group in ("project_user", "integration_manager", "auditor"):
            user = self.make_user(f"bc-{group}", group)
            with self.assertRaises(AccessError, msg=group), self.cr.savepoint():
                change.with_user(user).action_approve()
        for group in ("project_manager", "finance"):
            self.change().with_user(self.make_user(f"bc-{group}", group)).action_approve()
        self.assertEqual(self.revised()[1], 200)

    def test_the_job_has_to_take_it(self):
        other = self.make_job("26-102")
        change = self.change(job_id=other.id)
        with self.assertRaisesRegex(UserError, "no approved budget"):
            change.action_approve()
        change = self.change()
        self.job.job_status = "closed"
        with self.assertRaisesRegex(UserError, "closed"):
            change.action_approve()

    def test_phase_and_location_are_of_the_job(self):
        phase = self.env["construction.phase"].create(
            {
                "code": "P9",
                "name": "Elsewhere",
                "kind": "phase",
                "job_id": self.make_job("26-103").id,
            }
        )
        with self.assertRaises(ValidationError):
            self.change().line_ids.phase_id = phase

    def test_more_budget_lets_go_what_waits_and_lowers_alerts(self):
        self.order(self.line(950), confirm=True)
        line = self.main_line
        self.assertEqual(line.alert_level, "90")
        self.change(approve=True)
        self.assertEqual(line.alert_level, "80")
        self.change((self.code, self.material, -100.0), approve=True)
        self.assertEqual(line.alert_level, "90")
        self.assertEqual(line.available_amount, 50)

    def test_lines_and_forms_show_original_changes_revised(self):
        self.change((self.code, self.material, 100.0), approve=True)
        self.change((self.reserve_code, self.other, -40.0, "contingency"), approve=True)
        line, _sub, reserve = self.first.line_ids.sorted("id")
        self.assertEqual(
            (line.original_amount, line.changes_amount, line.revised_amount), (1000, 100, 1100)
        )
        self.assertEqual((reserve.changes_amount, reserve.revised_amount), (-40, 160))
        budget = self.first
        self.assertEqual(
            (budget.baseline_amount, budget.original_amount, budget.changes_amount),
            (1700, 1700, 60),
        )
        self.assertEqual((budget.revised_amount, budget.contingency_amount), (1760, 160))
        job = self.job
        self.assertEqual(
            (job.job_original_amount, job.job_changes_amount, job.job_budget_amount),
            (1700, 60, 1760),
        )
        self.assertEqual(job.job_contingency_amount, 160)

    def test_figures_take_one_query_more_for_any_number_of_changes(self):
        lines = self.first.line_ids

        def queries():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            lines.mapped("revised_amount")
            return self.cr.sql_log_count - before

        self.change(approve=True)
        few = queries()
        for _number in range(10):
            self.change(approve=True)
        self.assertLessEqual(queries(), few)


@tagged("post_install", "-at_install")
class TestVersionsAndChanges(BudgetCase, TransactionCase):
    def test_a_new_original_version_keeps_the_changes_on_top(self):
        self.change(approve=True)
        self.version((self.code, self.material, 1200.0)).action_approve()
        self.assertEqual(self.revised(), (1200, 100, 1300))

    def test_a_current_version_counts_what_it_names_once(self):
        self.change(number="CO-1", approve=True)
        self.change((self.code, self.material, 7.0), number="CO-2", approve=True)
        current = self.version(
            (self.code, self.material, 1100.0), basis="current", includes_changes="CO-1"
        )
        current.action_approve()
        self.assertEqual(current.contained_change_ids.number, "CO-1")
        self.assertEqual(self.revised(), (1000, 107, 1107))
        line = current.line_ids
        self.assertEqual(
            (line.original_amount, line.changes_amount, line.revised_amount), (1000, 107, 1107)
        )
        self.assertEqual(line.available_amount, 1107)

    def test_a_change_that_comes_after_the_version_that_names_it(self):
        current = self.version(
            (self.code, self.material, 1100.0), basis="current", includes_changes="CO-1"
        )
        current.action_approve()
        self.assertEqual(self.revised(), (1100, 0, 1100))
        self.change(number="CO-1", approve=True)
        self.assertEqual(self.revised(), (1000, 100, 1100))
        self.change(number="CO-11", approve=True)
        self.assertEqual(self.revised(), (1000, 200, 1200), "CO-11 is not CO-1")

    def test_the_baseline_never_changes(self):
        self.assertTrue(self.first.is_baseline)
        self.version((self.code, self.material, 1.0)).action_approve()
        self.assertEqual(self.env["construction.budget"].search(
            [("job_id", "=", self.job.id), ("is_baseline", "=", True)]), self.first)  # fmt: skip
        self.assertEqual((self.job.job_baseline_amount, self.job.job_original_amount), (1700, 1))
        with self.assertRaises(UserError):
            self.first.is_baseline = False
        with self.assertRaises(UserError):
            self.first.contained_change_ids = False

    def test_a_current_version_is_no_baseline(self):
        job = self.make_job("26-104")
        values = {"job_id": job.id}
        current = self.version((self.code, self.material, 5.0), basis="current", **values)
        current.action_approve()
        self.assertFalse(current.is_baseline)
        original = self.version((self.code, self.material, 4.0), **values)
        original.action_approve()
        self.assertTrue(original.is_baseline)

    def test_as_of_a_day(self):
        self.cr.execute(
            "UPDATE construction_budget SET effective_on = '2026-01-01' WHERE id = %s",
            (self.first.id,),
        )
        self.first.invalidate_recordset()
        self.change(date="2026-02-01", approve=True)
        gone = self.change((self.code, self.material, 30.0), date="2026-02-10", approve=True)
        gone._void("mistake", date(2026, 3, 1))
        self.version((self.code, self.material, 2000.0), effective_on="2026-04-01").action_approve()
        key = (self.job.id, self.code.id, self.material.id)
        read = {}
        for day in ("2025-12-31", "2026-01-01", "2026-02-01", "2026-02-10", "2026-03-01",
                    "2026-04-01"):  # fmt: skip
            found = self.env["construction.job.cost"]._budget_as_of(self.job, day)
            read[day] = float(found.get(key, {}).get("budget", 0))
        self.assertEqual(list(read.values()), [0, 1000, 1100, 1130, 1100, 2100])
        self.assertEqual(float(found[key]["baseline"]), 1000)


@tagged("post_install", "-at_install")
class TestSources(BudgetCase, TransactionCase):
    """A document that was decided brings its own budget change, once."""

    def given(self):
        super().given()
        self.source = self.env["res.partner"].create({"name": "Any document"})

    def values(self, amount=100.0, **more):
        return {
            "job_id": self.job.id,
            "reason": "Change order 4",
            "line_ids": [Command.create(self.line_values(self.code, self.material, amount))],
            **more,
        }

    def bring(self, **more):
        return self.env["construction.budget.change"]._approve_from(
            self.source, self.values(**more)
        )

    def test_it_counts_at_once_and_once(self):
        change = self.bring()
        self.assertEqual((change.state, change.release_state), ("approved", "released"))
        self.assertEqual(self.bring(), change)
        self.assertEqual(self.revised(), (1000, 100, 1100))

    def test_other_amounts_are_refused(self):
        self.bring()
        with self.assertRaisesRegex(UserError, "other"):
            self.bring(amount=101.0)

    def test_undone_and_brought_again(self):
        first = self.bring()
        Change = self.env["construction.budget.change"]
        counter = Change._void_from(self.source, "Owner withdrew", date(2026, 5, 1))
        self.assertEqual((counter.voids_id, first.state), (first, "void"))
        self.assertEqual(self.revised()[2], 1000)
        self.assertFalse(Change._void_from(self.source, "again", date(2026, 5, 2)))
        second = self.bring()
        self.assertNotEqual(second, first)
        self.assertEqual(self.revised()[2], 1100)

    def test_one_per_change_order_in_the_database(self):
        self.change(source_change_order="PCO-1", approve=True)
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(UniqueViolation),
            self.cr.savepoint(),
        ):
            self.change(source_change_order="PCO-1")

    def test_no_matrix_is_asked_again(self):
        self.env["construction.approval.rule"].create(
            {
                "name": "Director",
                "document_type": "budget_change",
                "group_id": self.env.ref("construction_sync_base.group_finance").id,
            }
        )
        self.assertEqual(self.bring().state, "approved")


@tagged("post_install", "-at_install")
class TestMatrix(BudgetCase, ApprovalCase, TransactionCase):
    def test_a_transfer_is_as_large_as_what_it_moves(self):
        self.env["construction.approval.rule"].create(
            {
                "name": "Director",
                "document_type": "budget_change",
                "amount_from": 400,
                "user_id": self.finance.id,
            }
        )
        small, large = self.transfer(399, approve=False), self.transfer(400, approve=False)
        manager = self.make_user("bc-sender", "project_manager")
        (small | large).with_user(manager).action_approve()
        self.assertEqual((small.state, large.state), ("approved", "draft"))
        self.assertEqual(large.release_state, "to_release")
        self.assertIn("available afterwards", large.release_effect)
        with self.assertRaisesRegex(UserError, "take it back"):
            large.write({"reason": "sneaked"})
        with self.assertRaisesRegex(UserError, "take it back"):
            large.line_ids[0].amount = 1
        with self.assertRaises(UserError):
            large.with_user(manager).action_release()
        self.assertEqual(self.revised()[1], -399)
        large.with_user(self.finance).action_release()
        self.assertEqual((large.state, self.revised()[1]), ("approved", -799))

    def test_what_changed_meanwhile_is_checked_again(self):
        self.env["construction.approval.rule"].create(
            {"name": "Director", "document_type": "budget_change", "user_id": self.finance.id}
        )
        change = self.change()
        change.with_user(self.make_user("bc-sender2", "project_manager")).action_approve()
        self.job.job_status = "closed"
        with self.assertRaisesRegex(UserError, "closed"):
            change.with_user(self.finance).action_release()
        self.assertEqual(change.state, "draft")
