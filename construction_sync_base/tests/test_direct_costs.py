"""direct_cost.approved: a draft bill or entry with the document's totals, released, replaced by a
newer version; once it is posted, a correction takes it back first."""

from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged

from .approvals import ApprovalCase


@tagged("post_install", "-at_install")
class TestDirectCosts(ApprovalCase, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # the shared fixtures release bills by themselves; here a person does
        cls.env["construction.release.policy"].search(
            [("document_type", "=", "supplier_invoice")]
        ).sudo().write({"automatic": False})

    def given(self):
        super().given()
        self.setup_job("J1", codes=("03-300", "05-120"))
        self.job = self.bound("job", "J1")
        self.code = self.bound("cost_code", "CC-03-300")
        self.other_code = self.bound("cost_code", "CC-05-120")
        self.cards, self.staff = (
            self.env["account.account"].create(
                {"name": name, "code": code, "account_type": "liability_current",
                 "reconcile": True}
            )
            for name, code in (("Cards", "219001"), ("Owed to staff", "219002"))
        )  # fmt: skip

    def clearing(self):
        self.env["construction.clearing.account"].create(
            [
                {"purpose": "company_card", "account_id": self.cards.id},
                {"purpose": "employee", "account_id": self.staff.id},
            ]
        )

    def cost(self, external_id="D1", sequence=1, lines=None, **over):
        lines = [self.part()] if lines is None else lines
        tax = over.pop("tax", "0.00")
        untaxed = over.pop("untaxed", None) or f"{sum(float(line['amount']) for line in lines):.2f}"
        total = over.pop("total", None) or f"{float(untaxed) + float(tax):.2f}"
        return self.event(
            "direct_cost.approved",
            data={
                "external_id": external_id,
                "kind": "expense",
                "number": f"R-{external_id}",
                "job": "J1",
                "vendor": "V1",
                "date": "2026-03-05",
                "currency": self.company.currency_id.name,
                "amount_untaxed": untaxed,
                "amount_tax": tax,
                "amount_total": total,
                "paid": "unpaid",
                "approved_by": {"name": "Pat Manager"},
                "approved_at": "2026-03-06T10:00:00-07:00",
                "lines": lines,
                **over,
            },
            sequence=sequence,
        )

    def part(self, line_id="1", amount="80.00", **over):
        return {
            "line_id": line_id,
            "description": "Permit",
            "cost_code": "03-300",
            "cost_type": "material",
            "amount": amount,
            **over,
        }

    def card(self, *args, **over):
        return self.cost(*args, paid="company_card", kind="card", **over)

    def move(self, external_id="D1"):
        return self.bound("direct_cost", external_id)

    def amounts(self, move):
        return {(line.account_id, line.balance) for line in move.line_ids if line.balance}

    def mapped(self):
        return self.env["account.account"].browse(
            self.env["construction.account.map"]._cost_account_id(
                self.company, "material", self.job
            )
        )

    # ------------------------------------------------------------------ bills
    def test_what_is_unpaid_becomes_a_bill(self):
        event = self.cost(lines=[self.part(), self.part("2", "20.00", cost_code="05-120")])
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
        lines = [self.part(amount="100.00", tax_amount="8.00"), self.part("2", "-10.00")]
        self.process(self.cost(lines=lines, tax="8.00"))
        bill = self.move()
        self.assertEqual(bill.amount_total, 98)
        bill.with_user(self.finance).action_release()
        self.assertFigures(actual=98)

    # ---------------------------------------------------------------- entries
    def test_a_card_slip_becomes_an_entry(self):
        self.clearing()
        event = self.card(lines=[self.part(amount="80.00", tax_amount="6.40")], tax="6.40")
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
        part = self.part(amount="100.00", tax_amount="10.00", tax_code="VAT")
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
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].search([("currency_id", "=", euro.id)]).unlink()
        self.env["res.currency.rate"].create(
            {"currency_id": euro.id, "name": "2026-01-01", "rate": 0.8}
        )
        self.process(self.card(currency="EUR"))
        self.assertEqual(self.amounts(self.move()), {(self.mapped(), 100.0), (self.cards, -100.0)})
        self.assertEqual(set(self.move().line_ids.mapped("amount_currency")), {80.0, -80.0})

    # --------------------------------------------------------------- versions
    def test_a_newer_version_replaces_the_draft(self):
        self.clearing()
        for external_id, build in (("D1", self.cost), ("D2", self.card)):
            self.process(build(external_id))
            before = self.move(external_id)
            newer = self.part(amount="95.00", cost_code="05-120")
            self.process(build(external_id, 2, lines=[newer]))
            after = self.move(external_id)
            self.assertEqual((after, after.state, after.release_state),
                             (before, "draft", "to_release"))  # fmt: skip
            after.with_user(self.finance).action_release()
        self.assertFigures(actual=0)
        self.assertFigures(code=self.other_code, actual=190)

    def test_paid_another_way_it_is_another_document(self):
        self.clearing()
        self.process(self.cost())
        bill = self.move()
        self.process(self.card(sequence=2))
        self.assertEqual(self.move().move_type, "entry")
        self.assertFalse(bill.exists())

    def posted(self, external_id, build, **over):
        self.process(build(external_id, **over))
        self.move(external_id).with_user(self.finance).action_release()
        return self.move(external_id)

    def assertReplaces(self, event, move):
        self.apply(event)
        issue = self.assertParked(event["id"], "matching")
        self.assertEqual(issue.correction_id.line_ids.action, "reverse")
        self.assertEqual((move.state, move._is_undone()), ("posted", False))
        return issue.correction_id

    def test_another_header_replaces_what_is_posted(self):
        """Who is owed, the number and the day are as much of it as the amounts."""
        self.clearing()
        self.process(
            self.event("vendor.upserted", data=self.vendor_data("V2"), sequence=1),
            *(
                self.event(
                    "employee.upserted",
                    data={"external_id": ref, "number": ref, "name": name},
                    sequence=1,
                )
                for ref, name in (("E1", "Kim Lee"), ("E2", "Ann Ray"))
            ),
        )

        def staff(*args, **over):
            return self.cost(*args, **{"paid": "employee", "employee": "E1"} | over)

        header = ({"number": "R-2"}, {"date": "2026-04-05"}, {"vendor": "V2"})
        for external_id, build, changes in (
            ("D1", self.cost, header),
            ("D2", self.card, (*header, {"paid": "employee", "employee": "E1"})),
            ("D3", staff, (*header, {"employee": "E2"})),
        ):
            parts = [self.part(), self.part("2", "-10.00")]  # with a credit in it
            move = self.posted(external_id, build, lines=parts)
            self.process(build(external_id, 2, lines=parts))
            self.assertEqual(self.move(external_id), move)
            for sequence, over in enumerate(changes, start=3):
                with self.subTest(external_id, **over):
                    values = {"lines": parts} | over
                    if "paid" in over:
                        event = self.cost(external_id, sequence, kind="card", **values)
                    else:
                        event = build(external_id, sequence, **values)
                    correction = self.assertReplaces(event, move)
            if external_id == "D1":
                correction.with_user(self.finance).action_release()
                self.drain()
                self.assertTrue(move._is_undone())
                self.assertEqual(self.move("D1").partner_id, self.bound("vendor", "V2"))

    def test_after_posting_a_correction_takes_it_back_first(self):
        self.clearing()
        for external_id, build in (("D1", self.cost), ("D2", self.card)):
            move = self.posted(external_id, build)
            self.process(build(external_id, 2, note="said again"))
            for sequence, lines in (
                (3, [self.part(amount="90.00")]),
                (4, [self.part(cost_code="05-120")]),
            ):
                self.assertReplaces(build(external_id, sequence, lines=lines), move)
        self.assertFigures(actual=160)

    def test_void(self):
        self.clearing()

        def void(external_id):
            data = {"external_id": external_id, "date": "2026-03-09", "reason": "twice",
                    "by": {"name": "Pat"}}  # fmt: skip
            return self.event("direct_cost.voided", f"direct_cost/{external_id}", data, sequence=9)

        for external_id, build in (("D1", self.cost), ("D2", self.card)):
            self.process(build(external_id))
            self.process(void(external_id))
            self.assertEqual(self.move(external_id).state, "cancel")
            self.process(build(external_id, 10, note="again"))
            self.assertEqual(self.move(external_id).state, "draft")
        self.process(self.card("D3"))
        self.move("D3").with_user(self.finance).action_release()
        late = void("D3")
        self.apply(late)
        correction = self.assertParked(late["id"], "matching").correction_id
        correction.with_user(self.finance).action_release()
        self.drain()
        self.assertTrue(self.move("D3")._is_undone())
        self.assertFigures(actual=0)
        self.process(void("D4"))
        early = self.cost("D4", 1)
        self.apply(early)
        self.assertFalse(self.move("D4"))

    # -------------------------------------------------------------- questions
    def test_what_is_a_question(self):
        self.clearing()
        twice = [self.part(), self.part()]
        for name, category, event in (
            ("lines", "amount", self.cost("A", untaxed="81.00")),
            ("total", "amount", self.cost("B", total="80.01")),
            ("tax", "amount", self.cost("C", lines=[self.part(tax_amount="1.00")], tax="2.00")),
            ("negative", "amount", self.cost("D", untaxed="-5.00", total="-5.00",
                                             lines=[self.part(amount="-5.00")])),
            ("vendor", "schema", self.cost("E", vendor=None)),
            ("employee", "schema", self.cost("F", paid="employee")),
            ("twice", "schema", self.cost("G", lines=twice)),
            ("code", "unmapped_reference", self.cost("H", lines=[self.part(cost_code="99")])),
            ("job", "unmapped_reference", self.cost("I", job="J9")),
            ("tax code", "unmapped_reference",
             self.cost("J", lines=[self.part(tax_amount="1.00", tax_code="?")], tax="1.00")),
            ("cents", "amount", self.cost("K", lines=[self.part(amount="80.001")])),
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
