"""Corrections: what is shown before anything is undone, on which day, by whom, and that all of
it happens or none."""

from decimal import Decimal

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, TransactionCase, tagged

from .bills import BillCase
from .invoices import InvoiceCase


@tagged("post_install", "-at_install")
class TestCorrections(BillCase, TransactionCase):
    def given(self):
        super().given()
        self.ordered = self.order(self.line(1000.0), confirm=True, budget_reason="x")
        self.posted = self.bill(self.ordered, 400, post=False)
        self.posted.write({"ref": "A-1", "invoice_date": "2026-03-31", "date": "2026-03-31"})
        self.posted.action_post()
        self.assertEqual(self.posted.state, "posted")

    def propose(self, origin=None, told_on="2026-04-09", **more):
        return self.env["construction.correction"]._propose(
            origin or self.ordered, "void", "mistake", told_on, **more
        )

    def lock(self, month):
        self.env["construction.period"].create({"month": month})._go("locked")

    def test_nothing_happens_before_finance_releases_it(self):
        correction = self.propose()
        self.assertEqual(
            [(line.action, line.res_model) for line in correction.line_ids],
            [("redraft", "account.move"), ("cancel", "purchase.order")],
        )
        self.assertEqual((self.ordered.state, self.posted._is_undone()), ("purchase", False))
        self.assertIn("A-1", correction.release_effect)
        with self.assertRaises(UserError):
            correction.with_user(self.manager).action_release()
        correction.with_user(self.releaser).action_release()
        self.assertEqual((correction.state, self.ordered.state), ("done", "cancel"))
        self.assertTrue(self.posted._is_undone())
        draft = self.env["account.move"].search([("set_back_by_id", "=", correction.id)])
        self.assertEqual((draft.state, draft.release_state), ("draft", "returned"))
        self.assertEqual((draft.ref, str(draft.invoice_date)), ("A-1", "2026-03-31"))
        self.assertEqual(self.balance(self.expense_of(self.posted)), 0)

    def expense_of(self, bill):
        return bill.line_ids.filtered("analytic_distribution").account_id

    def test_a_locked_month_is_told_and_never_entered(self):
        self.lock("2026-03-01")
        line = self.propose().line_ids[0]
        self.assertEqual((str(line.date), line.moved), ("2026-04-09", True))
        self.assertIn("instead of 03/31/2026", line._effect())
        self.lock("2026-04-01")
        line = self.propose().line_ids[0]
        self.assertEqual(str(line.date), "2026-04-09", "what waits is not moved silently")
        correction = line.correction_id
        with self.assertRaises(UserError):
            correction.with_user(self.releaser).action_release()
        correction.with_user(self.releaser).action_return("April is closed")
        correction.with_user(self.finance).action_submit()
        self.assertEqual(str(correction.line_ids[0].date), "2026-05-01")
        correction.with_user(self.releaser).action_release()
        self.assertEqual(str(self.posted.reversal_move_ids.date), "2026-05-01")
        month = self.env["account.move.line"].search(
            [("account_id", "=", self.expense_of(self.posted).id), ("date", "<", "2026-04-01"),
             ("parent_state", "=", "posted")]
        )  # fmt: skip
        self.assertEqual(sum(month.mapped("balance")), 400)

    def test_days_follow_what_a_person_chose(self):
        """The day on which it was told moves the steps of locked months; a step's own day stays
        only where a person chose it, and its month is open."""
        self.lock("2026-03-01")
        correction = self.propose()

        def days_after(**values):
            correction.with_user(self.releaser).action_return("another day")
            correction.with_user(self.finance).write(values)
            correction.with_user(self.finance).action_submit()
            return str(correction.line_ids[0].date)

        self.assertEqual(days_after(date="2026-04-20"), "2026-04-20")
        step = correction.line_ids[0]
        chosen = [Command.update(step.id, {"date": "2026-04-22"})]
        self.assertEqual(days_after(line_ids=chosen), "2026-04-22")
        self.assertEqual(days_after(date="2026-05-06"), "2026-04-22", "chosen, and open")
        self.lock("2026-04-01")
        self.assertEqual(days_after(), "2026-05-06", "the chosen day is locked")

    def test_a_receipt_is_taken_back_on_its_own_day(self):
        line = self.ordered.order_line
        receipt = self.env["construction.receipt"]._record(
            [({"order_id": self.ordered.id, "company_id": self.company.id, "number": "R-1",
               "kind": "receipt", "date": "2026-03-20"}, [(line, Decimal(300), {})])]
        )  # fmt: skip
        step = self.propose().line_ids.filtered(lambda one: one.res_model == receipt._name)
        self.assertEqual((str(step.date), step.moved), ("2026-03-20", False))
        self.assertIn("on 03/20/2026", step._effect())
        step.correction_id.with_user(self.releaser).action_release()
        self.assertEqual(receipt.voided_by_ids.date, receipt.date)

    def test_a_policy_does_not_release_into_another_month(self):
        self.release_by_policy("correction")
        self.lock("2026-03-01")
        self.assertEqual(self.propose().release_state, "to_release")

    def test_all_or_nothing(self):
        correction = self.propose()
        self.ordered.project_id.sudo().job_status = "closed"
        with self.assertRaises(UserError), self.env.cr.savepoint():
            correction.with_user(self.releaser).action_release()
        self.assertFalse(self.posted._is_undone())

    def test_what_is_paid_stays_open_on_the_vendor(self):
        self.pay(self.posted)
        correction = self.propose(self.posted)
        self.assertEqual((correction.paid_total, correction.amount_total), (400, 400))
        self.assertIn("open on the vendor", correction.release_effect)
        correction.with_user(self.releaser).action_release()
        owed = self.env["account.move.line"].search(
            [("partner_id", "=", self.vendor.id), ("account_id", "=", self.payable().id),
             ("parent_state", "=", "posted"), ("reconciled", "=", False)]
        )  # fmt: skip
        self.assertEqual(sum(owed.mapped("amount_residual")), 400)
        self.assertTrue(owed.move_id.origin_payment_id)

    def test_the_dialog_shows_before_it_writes(self):
        action = self.ordered.with_user(self.manager).action_undo_dialog()
        self.assertFalse(self.env["construction.correction"].search([]))
        form = Form(
            self.env["construction.correction"]
            .with_user(self.manager)
            .with_context(**action["context"]),
            "construction_sync_base.view_construction_correction_dialog",
        )
        form.reason = "Wrong vendor"
        correction = form.save()
        correction.action_submit()
        self.assertEqual(correction.release_requested_by_id, self.manager)
        self.assertEqual(correction.line_ids.mapped("action"), ["redraft", "cancel"])
        with self.assertRaises(UserError):
            correction.reason = "Another one"
        with self.assertRaises(UserError):
            self.ordered.with_user(self.manager).action_undo_dialog() and correction.unlink()
        correction.with_user(self.releaser).action_release()
        with self.assertRaises(UserError):
            self.posted.with_user(self.finance).action_undo_dialog()

    def test_who_asked_does_not_release(self):
        record = self.propose().with_user(self.releaser)
        record.action_return("look again")
        record.with_user(self.finance).action_submit()
        with self.assertRaises(UserError):
            record.with_user(self.finance).action_release()

    def test_lines_of_ones_own_are_not_believed(self):
        """By RPC anybody can name steps: what is undone is found from the document."""
        other = self.order(self.line(50.0), confirm=True, budget_reason="x")
        step = {"res_model": other._name, "res_id": other.id, "document": "x", "action": "cancel"}
        correction = (
            self.env["construction.correction"]
            .with_user(self.manager)
            .create(
                {
                    "res_model": "account.move",
                    "res_id": self.posted.id,
                    "kind": "change",
                    "reason": "mine",
                    "line_ids": [Command.create(step)],
                }
            )
        )
        correction.sudo().action_submit()
        self.assertEqual(correction.line_ids.mapped("res_model"), ["account.move"])
        self.assertEqual(other.state, "purchase")

    def test_an_accrual_and_a_transfer_are_undone_with_their_order(self):
        accounts = self.env["construction.account.map"].search(
            [("company_id", "=", self.company.id)]
        )
        accounts.accrual_account_id = self.asset.copy({"account_type": "liability_current"})
        accrual = self.env["construction.accrual"].create(
            {
                "month": "2026-04-01",
                "line_ids": [
                    Command.create(
                        {"purchase_line_id": self.ordered.order_line.id, "amount": 100.0}
                    )
                ],
            }
        )
        item = self.posted.line_ids.filtered("analytic_distribution")
        values = self.env["construction.cost.transfer.line"]._values_of(item)[0]
        values |= {"to_cost_code_id": self.other_code.id, "amount": 150.0}
        transfer = self.env["construction.cost.transfer"].create(
            {"date": "2026-04-02", "reason": "x", "line_ids": [Command.create(values)]}
        )
        for record in (accrual, transfer):
            record.with_user(self.finance).action_submit()
            record.with_user(self.releaser).action_release()
        correction = self.propose()
        self.assertEqual(
            correction.line_ids.mapped("res_model"),
            ["construction.cost.transfer", "account.move", "construction.accrual",
             "purchase.order"],
        )  # fmt: skip
        with self.assertRaisesRegex(ValidationError, "on its own day"):
            correction._at_the_gate().line_ids[2].date = "2026-05-05"
        correction.with_user(self.releaser).action_release()
        self.assertEqual((accrual.state, transfer.state), ("undone", "undone"))
        actual = self.env["construction.job.cost"]._totals(self.job)[self.job.id]["actual"]
        self.assertEqual(actual, 0)
        self.assertFalse(self.env["construction.cost.transfer.line"]._moved(item))

    def test_a_repetition_leaves_who_decides(self):
        self.env["construction.approval.rule"].create(
            {"name": "Director", "user_id": self.manager.id, "document_type": "correction",
             "amount_limit": 0, "step": 1}
        )  # fmt: skip
        correction = self.propose()
        asked = self.env["construction.approval"].search(
            [("res_model", "=", correction._name), ("res_id", "=", correction.id)]
        )
        self.assertEqual(asked.mapped("state"), ["asked"])
        self.assertEqual(self.propose(), correction)
        self.assertEqual(asked.mapped("state"), ["asked"], "the director is asked as before")
        with self.assertRaisesRegex(UserError, "waits for"):
            correction.with_user(self.releaser).action_release()

    def test_a_platform_takes_over_what_a_person_began(self):
        self.propose(from_platform=False)
        correction = self.make_room([(self.posted, "redraft")])
        correction.with_user(self.releaser).action_return("look again")
        correction.with_user(self.finance).action_submit()
        self.assertEqual(correction.line_ids.mapped("action"), ["redraft"], "the order stays")

    def make_room(self, roots):
        return self.env["construction.correction"]._propose(
            self.ordered, "change", "more of it", "2026-04-09", roots
        )

    def test_a_bill_that_was_posted_meanwhile(self):
        draft = self.bill(self.ordered, 100, post=False)
        draft.write({"ref": "A-2", "invoice_date": "2026-03-31", "date": "2026-03-31"})
        correction = self.make_room([(draft, "give_back")])
        draft.action_post()
        with self.assertRaisesRegex(UserError, "was posted meanwhile"):
            correction.with_user(self.releaser).action_release()
        correction.with_user(self.releaser).action_return("submit it anew")
        correction.with_user(self.finance).action_submit()
        self.assertEqual(correction.line_ids.mapped("action"), ["redraft"])
        correction.with_user(self.releaser).action_release()
        self.assertTrue(draft._is_undone())

    def test_a_foreign_bill_comes_to_nothing(self):
        """Taken back at its own rate, whatever the day's is."""
        euro = self.foreign(**{"2026-03-01": 0.8, "2026-04-01": 0.5})
        order = self.order(
            self.line(1000.0), confirm=True, budget_reason="x", currency_id=euro.id,
            date_order="2026-03-02",
        )  # fmt: skip
        bill = self.bill(order, 100, post=False)
        bill.write({"ref": "E-1", "invoice_date": "2026-03-31", "date": "2026-03-31"})
        bill.action_post()
        self.lock("2026-03-01")
        self.propose(bill).with_user(self.releaser).action_release()
        self.assertEqual(str(bill.reversal_move_ids.date), "2026-04-09")
        lines = (bill | bill.reversal_move_ids).line_ids
        for account in lines.account_id:
            rows = lines.filtered(lambda line, account=account: line.account_id == account)
            self.assertEqual(self.company.currency_id.round(sum(rows.mapped("balance"))), 0)


@tagged("post_install", "-at_install")
class TestCorrectionEvents(InvoiceCase, TransactionCase):
    def given(self):
        super().given()
        self.finance = self.make_user("correction-finance", "finance")

    def void(self, kind, external_id, **more):
        data = {"external_id": external_id, "date": "2026-04-02", "reason": "mistake", **more}
        return self.event(f"{kind}.voided", f"{kind}/{external_id}", data, sequence=9)

    def test_the_issue_shows_what_is_undone(self):
        bill = self.made(sequence=1)
        bill.with_user(self.finance).action_release()
        event = self.void("commitment", "C1")
        self.apply(event)
        issue = self.assertParked(event["id"], "matching")
        self.assertEqual(issue.amount, 1000)
        self.assertIn("INV-I1", issue.correction_effect)
        self.assertEqual(
            issue.with_user(self.finance).action_open_correction()["res_id"],
            issue.correction_id.id,
        )
        later = self.event(
            "commitment.reopened", "commitment/C1",
            {"external_id": "C1", "date": "2026-04-03"}, sequence=10,
        )  # fmt: skip
        self.apply(later)
        self.assertEqual(self.state(later["id"]), "pending", "it waits for the void")
        issue.correction_id.with_user(self.finance).action_release()
        self.drain()
        self.assertEqual((self.state(event["id"]), self.state(later["id"])), ("processed",) * 2)
        self.assertEqual(self.ordered.state, "purchase")
        again = self.bound("supplier_invoice", "I1")
        self.assertNotEqual(again, bill)
        self.assertEqual((again.state, again.release_state), ("draft", "to_release"))

    def test_a_void_that_is_older_takes_nothing_back(self):
        bill = self.made(sequence=10)
        self.process(self.void("supplier_invoice", "I1"))
        self.assertEqual(bill.state, "draft")

    def test_a_receipt_is_voided_before_it_comes(self):
        self.process(self.void("receipt", "R1"))
        data = {
            "external_id": "R1",
            "kind": "receipt",
            "commitment": "C1",
            "date": "2026-03-20",
            "lines": [{"commitment_line_id": "1", "amount": "50.00"}],
        }
        self.process(self.event("receipt.recorded", data=data, sequence=3))
        self.assertEqual(self.ordered.received_amount, 0)
        self.process(self.event("receipt.recorded", data=data, sequence=11))
        self.assertEqual(self.ordered.received_amount, 50, "it was recorded again")
        self.process(
            self.event("receipt.voided", "receipt/R1",
                       {"external_id": "R1", "date": "2026-04-02"}, sequence=12)
        )  # fmt: skip
        self.assertEqual(self.ordered.received_amount, 0)
        receipts = self.env["construction.receipt"].search([("order_id", "=", self.ordered.id)])
        self.assertEqual((len(receipts), sum(receipts.mapped("amount"))), (2, 0))

    def test_a_requisition_is_voided(self):
        data = {
            "external_id": "Q1",
            "number": "REQ-1",
            "job": "J1",
            "vendor": "V1",
            "lines": [
                {"line_id": "1", "cost_code": "03-300", "cost_type": "material",
                 "description": "Rebar", "quantity": "10", "estimated_unit_cost": "5.00"}
            ],
        }  # fmt: skip
        self.process(self.event("requisition.approved", data=data, sequence=1))
        asked = self.env["purchase.order"].search([("requisition_number", "=", "REQ-1")])
        self.process(self.void("requisition", "Q1"))
        self.assertEqual(asked.state, "cancel")
        self.process(self.event("requisition.approved", data=data, sequence=10))
        again = self.env["purchase.order"].search(
            [("requisition_number", "=", "REQ-1"), ("state", "!=", "cancel")]
        )
        again.button_confirm()
        event = self.event(
            "requisition.voided", "requisition/Q1",
            {"external_id": "Q1", "date": "2026-04-02"}, sequence=11,
        )  # fmt: skip
        again.order_line.qty_received = 4
        self.apply(event)
        correction = self.assertParked(event["id"], "matching").correction_id
        correction.with_user(self.finance).action_release()
        self.drain()
        self.assertEqual((self.state(event["id"]), again.state), ("processed", "cancel"))
