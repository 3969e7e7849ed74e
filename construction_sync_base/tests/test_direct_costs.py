"""direct_cost.approved: a draft bill or entry with the document's totals, released."""

from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged

from .direct_costs import DirectCostCase


@tagged("post_install", "-at_install")
class TestDirectCosts(DirectCostCase, TransactionCase):
    # ------------------------------------------------------------------ bills
    def test_what_is_unpaid_becomes_a_bill(self):
        event = self.cost(
            lines=[self.cost_line(), self.cost_line("2", "20.00", cost_code="05-120")]
        )
        self.process(event)
        bill = self.move()
        self.assertEqual((bill.move_type, bill.state, bill.release_state),
                         ("in_invoice", "draft", "to_release"))  # fmt: skip
        self.assertEqual((str(bill.date), str(bill.invoice_date)), ("2026-03-05",) * 2)
        self.assertEqual((bill.ref, bill.amount_total), ("R-D1", 100))
        self.assertIn("approval", self.issues(event["id"]).mapped("category"))
        bill.with_user(self.finance).action_release()
        self.assertEqual((bill.state, str(bill.date)), ("posted", "2026-03-05"))
        self.assertFigures(actual=80)
        self.assertFigures(code=self.other_code, actual=20)

    def test_a_credit_of_the_line_and_tax_that_is_cost(self):
        lines = [self.cost_line(amount="100.00", tax_amount="8.00"), self.cost_line("2", "-10.00")]
        self.process(self.cost(lines=lines, tax="8.00"))
        bill = self.move()
        self.assertEqual(bill.amount_total, 98)
        bill.with_user(self.finance).action_release()
        self.assertFigures(actual=98)

    # ---------------------------------------------------------------- entries
    def test_a_card_slip_becomes_an_entry(self):
        self.clearing()
        event = self.card(lines=[self.cost_line(amount="80.00", tax_amount="6.40")], tax="6.40")
        self.process(event)
        entry = self.move()
        self.assertEqual((entry.move_type, entry.state, entry.release_state),
                         ("entry", "draft", "to_release"))  # fmt: skip
        self.assertEqual(
            self.amounts(entry),
            {(self.mapped(), 80.0), (self.mapped(), 6.4), (self.cards, -86.4)},
        )
        self.assertIn(self.cards.display_name, entry.release_effect)
        with self.assertRaisesRegex(UserError, "as it was submitted"):
            entry.line_ids[0].write({"amount_currency": 1})
        entry.with_user(self.finance).action_release()
        self.assertEqual((entry.state, str(entry.date)), ("posted", "2026-03-05"))
        self.assertFigures(actual=86.4)

    def test_what_stands_in_the_release_queue(self):
        """A bill and an entry of 80 are 80 to decide about."""
        self.clearing()
        for event in (self.cost("D1"), self.card("D2")):
            self.process(event)
        self.env.flush_all()
        queue = self.env["construction.release.queue"].with_user(self.finance)
        amounts = {
            name: queue.search([("res_model", "=", "account.move"),
                                ("res_id", "=", self.move(name).id)]).amount
            for name in ("D1", "D2")
        }  # fmt: skip
        self.assertEqual(amounts, {"D1": 80, "D2": 80})

    def test_nobody_posts_it_around_the_gate(self):
        self.clearing()
        self.process(self.card())
        entry = self.move()
        entry.with_user(self.finance).action_post()
        self.assertEqual(entry.state, "draft")

    def test_a_tax_with_its_own_account(self):
        self.clearing()
        account = self.asset.copy({"code": "131999"})
        tax = self.env["account.tax"].create(
            {"name": "VAT 10", "amount": 10, "type_tax_use": "purchase",
             "price_include_override": "tax_excluded"}
        )  # fmt: skip
        tax.invoice_repartition_line_ids.filtered(
            lambda line: line.repartition_type == "tax"
        ).account_id = account
        self.env["construction.crosswalk"].create(
            {"kind": "tax_code", "external_value": "VAT", "res_model": "account.tax",
             "res_id": tax.id}
        )  # fmt: skip
        part = self.cost_line(amount="100.00", tax_amount="10.00", tax_code="VAT")
        self.process(self.card("T1", lines=[part], tax="10.00"))
        self.assertEqual(
            self.amounts(self.move("T1")),
            {(self.mapped(), 100.0), (account, 10.0), (self.cards, -110.0)},
        )
        wrong = self.card("T2", lines=[part | {"tax_amount": "9.00"}], tax="9.00")
        self.apply(wrong)
        self.assertParked(wrong["id"], "amount")
        self.assertFalse(self.move("T2"))

    def test_what_an_employee_paid(self):
        self.clearing()
        self.process(
            self.event(
                "employee.upserted",
                data={"external_id": "E1", "number": "77", "name": "Kim Lee"},
                sequence=1,
            )
        )
        self.process(self.cost(paid="employee", employee="E1", vendor=None))
        entry = self.move()
        self.assertEqual(self.amounts(entry), {(self.mapped(), 80.0), (self.staff, -80.0)})
        self.assertIn("Kim Lee", entry.line_ids.mapped("name")[-1])

    def test_without_a_clearing_account_it_waits_for_one(self):
        event = self.card()
        self.apply(event)
        self.assertIn("Company cards", self.assertParked(event["id"], "unmapped_reference").message)
        self.clearing()
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")

    def test_another_currency(self):
        self.clearing()
        self.foreign(**{"2026-01-01": 0.8})
        self.process(self.card(currency="EUR"))
        self.assertEqual(self.amounts(self.move()), {(self.mapped(), 100.0), (self.cards, -100.0)})
        self.assertEqual(set(self.move().line_ids.mapped("amount_currency")), {80.0, -80.0})

    # -------------------------------------------------------------- questions
    def test_what_is_a_question(self):
        self.clearing()
        twice = [self.cost_line(), self.cost_line()]
        for name, category, event in (
            ("lines", "amount", self.cost("A", amount_untaxed="81.00")),
            ("total", "amount", self.cost("B", amount_total="80.01")),
            ("tax", "amount",
             self.cost("C", lines=[self.cost_line(tax_amount="1.00")], tax="2.00")),
            ("negative", "amount", self.cost("D", amount_untaxed="-5.00", amount_total="-5.00",
                                             lines=[self.cost_line(amount="-5.00")])),
            ("vendor", "schema", self.cost("E", vendor=None)),
            ("employee", "schema", self.cost("F", paid="employee")),
            ("twice", "schema", self.cost("G", lines=twice)),
            ("code", "unmapped_reference", self.cost("H", lines=[self.cost_line(cost_code="99")])),
            ("job", "unmapped_reference", self.cost("I", job="J9")),
            ("tax code", "unmapped_reference",
             self.cost("J", lines=[self.cost_line(tax_amount="1.00", tax_code="?")], tax="1.00")),
            ("cents", "amount", self.cost("K", lines=[self.cost_line(amount="80.001")])),
        ):  # fmt: skip
            with self.subTest(name):
                self.apply(event)
                self.assertParked(event["id"], category)
                self.assertFalse(self.move(event["data"]["external_id"]))

    def test_a_locked_month(self):
        self.clearing()
        period = self.env["construction.period"].create({"month": "2026-03-01"})
        for _step in range(4):
            period.with_user(self.finance).action_advance()
        events = [self.cost("D1"), self.card("D2")]
        self.apply(*events)
        for event in events:
            self.assertParked(event["id"], "period_locked")
        period.with_user(self.finance).action_reopen("late slips")
        period.with_user(self.controller).action_confirm_reopen()
        self.drain()
        for event in events:
            self.assertEqual(self.state(event["id"]), "processed")
        entry = self.move("D2").with_user(self.finance)
        with self.assertRaisesRegex(UserError, "Reason for late booking"):
            entry.action_release()
        entry.job_cost_reason = "Slip came late"
        entry.action_release()
        self.assertEqual((entry.state, str(entry.date)), ("posted", "2026-03-05"))

    def test_its_file_is_on_the_document(self):
        self.clearing()
        file = {"filename": "slip.txt", "mimetype": "text/plain", "content_base64": "c2xpcA=="}
        self.process(self.card(attachments=[file]))
        found = self.env["ir.attachment"].search(
            [("res_model", "=", "account.move"), ("res_id", "=", self.move().id)]
        )
        self.assertIn("slip.txt", found.mapped("name"))

    def test_a_closed_job(self):
        self.job.job_status = "closed"
        event = self.cost()
        self.apply(event)
        self.assertParked(event["id"], "inactive_target")

    def test_queries_of_a_batch(self):
        self.clearing()
        self.queries_of(self.card("warm"))
        events = [self.card(f"Q{number}") for number in range(20)]
        self.assertLessEqual(self.queries_of(*events) / 20, 12)
