"""direct_cost.approved paid by one company for a job of another: its own books first, then the
charge to the company of the job."""

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import TransactionCase, tagged

from .intercompany import IntercompanyCase

DAY = "2026-03-05"
# for the job of Euro, in dollars
MAIN_PAYS = {
    "job": "EU-01",
    "legal_entity": "US-01",
    "date": DAY,
    "currency": "USD",
    "paid": "company_card",
}


@tagged("post_install", "-at_install")
class TestChargedDirectCosts(IntercompanyCase, TransactionCase):
    def given(self):
        super().given()
        self.by_hand()
        self.cards = self.env["account.account"].create(
            {"name": "Cards", "code": "219001", "account_type": "liability_current",
             "reconcile": True}
        )  # fmt: skip
        self.env["construction.clearing.account"].create(
            {"purpose": "company_card", "account_id": self.cards.id}
        )
        self.jobs = self.masters()

    def cost(self, external_id="D1", lines=(("1", "80.00"),), sequence=1, **over):
        lines = [self.cost_line(*line) for line in lines]
        data = self.direct_cost_data(external_id, lines, **(MAIN_PAYS | over))
        return self.event("direct_cost.approved", data=data, sequence=sequence)

    def move(self, external_id="D1"):
        return self.bound("direct_cost", external_id)

    def charge(self):
        self.env.invalidate_all()
        return self.env["construction.intercompany"].search([])

    def test_the_slip_here_the_cost_there(self):
        event = self.cost()
        self.process(event)
        entry, charge = self.move(), self.charge()
        self.assertEqual((entry.company_id, entry.release_state), (self.company, "to_release"))
        self.assertEqual(self.items(entry), {("Recovery", 80, 80), ("Cards", -80, -80)})
        self.assertFalse(entry.line_ids.filtered("analytic_distribution"))
        self.assertEqual(
            (charge.company_id, charge.job_company_id, charge.cost_amount, charge.release_state),
            (self.company, self.euro, 80, "to_release"),
        )
        self.assertEqual((charge.source_move_id, str(charge.date)), (entry, DAY))
        self.assertRegex(
            "\n".join(self.issues(event["id"]).mapped("message")), "charges it to Euro Bau"
        )
        with self.assertRaisesRegex(UserError, "not posted yet"):
            self.release(charge)
        entry.with_user(self.finance).action_release()
        self.release(charge)
        self.assertEqual((entry.state, charge.state), ("posted", "posted"))
        self.assertEqual(self.totals(self.jobs["EU-01"])["actual"], 64)
        recovery = (entry | charge.move_id).line_ids.filtered(
            lambda line: line.account_id == self.recovery[self.company]
        )
        self.assertEqual(sum(recovery.mapped("balance")), 0, "paid and recovered")
        self.assertEqual(self.ties().difference, 0)
        with self.assertRaisesRegex(UserError, "take that one back first"):
            entry.button_draft()
        again = self.cost(sequence=2)
        self.process(again)
        self.assertEqual(self.charge(), charge, "the same once more changes nothing")
        other = self.cost(lines=(("1", "90.00"),), sequence=3)
        self.apply(other)
        self.assertParked(other["id"], "matching")

    def test_another_spread_over_the_codes_is_another_cost(self):
        self.process(
            self.event("cost_code.upserted", data=self.cost_code_data("05-120"), sequence=1)
        )

        def split(first, second, sequence, **over):
            event = self.cost(lines=(("1", first), ("2", second)), sequence=sequence, **over)
            event["data"]["lines"][1]["cost_code"] = "05-120"
            return event

        self.process(split("600.00", "400.00", 1))
        self.move().with_user(self.finance).action_release()
        charge = self.charge()
        self.release(charge)
        self.process(split("600.00", "400.00", 2))
        self.assertEqual(self.charge(), charge)
        for sequence, event in enumerate((
            split("400.00", "600.00", 3),
            split("600.00", "400.00", 4, date="2026-03-06"),
            split("600.00", "400.00", 5, number="R-2"),
        )):  # fmt: skip
            with self.subTest(sequence):
                self.apply(event)
                self.assertParked(event["id"], "matching")

    def test_a_bill_and_its_newer_version(self):
        self.process(self.cost(paid="unpaid"))
        self.process(self.cost(paid="unpaid", lines=(("1", "80.00"), ("2", "20.00")), sequence=2))
        bill, charge = self.move(), self.charge()
        self.assertEqual((bill.move_type, bill.amount_total, len(charge)), ("in_invoice", 100, 1))
        self.assertFalse(bill.construction_job_id, "no job of this company")
        self.assertEqual(charge.line_ids.mapped("cost_amount"), [80, 20])
        bill.with_user(self.finance).action_release()
        self.release(charge)
        self.assertEqual(self.totals(self.jobs["EU-01"])["actual"], 80)

    def test_paid_another_way_it_is_charged_once(self):
        self.process(self.cost())
        entry = self.move()
        self.process(self.cost(paid="unpaid", sequence=2))
        self.assertEqual((entry.state, self.move().move_type), ("cancel", "in_invoice"))
        self.assertEqual(self.charge().source_move_id, self.move())

    def test_a_void_takes_the_charge_with_it(self):
        self.process(self.cost())
        data = {"external_id": "D1", "date": DAY, "reason": "twice", "by": {"name": "Pat"}}
        self.process(self.event("direct_cost.voided", data=data, sequence=2))
        self.assertEqual(self.move().state if self.move() else "cancel", "cancel")
        self.assertFalse(self.charge())

    def test_tax_that_is_cost_is_charged_and_tax_that_is_not_is_not(self):
        """8 % without an account is cost of the job; with one it stays with who paid."""
        tax = self.env["account.tax"].create(
            {"name": "8 lost", "amount": 8, "type_tax_use": "purchase",
             "company_id": self.company.id}
        )  # fmt: skip
        self.env["construction.crosswalk"].create(
            {"platform_id": self.platform.id, "kind": "tax_code", "external_value": "T8",
             "res_model": "account.tax", "res_id": tax.id}
        )  # fmt: skip
        line = self.cost_line(amount="100.00", tax_code="T8", tax_amount="8.00")
        taxed = self.direct_cost_data("D2", [line], tax="8.00", **MAIN_PAYS)
        self.process(self.event("direct_cost.approved", data=taxed, sequence=1))
        self.assertEqual(self.charge().cost_amount, 108)
        account = self.env["account.account"].create(
            {"name": "Input tax", "code": "119555", "account_type": "asset_current"}
        )
        tax.invoice_repartition_line_ids.filtered(
            lambda row: row.repartition_type == "tax"
        ).account_id = account
        self.process(self.event("direct_cost.approved", data=taxed, sequence=2))
        self.assertEqual(self.charge().cost_amount, 100)

    def test_nothing_is_created_while_one_of_the_two_could_not_book_it(self):
        self.env["construction.account.map"].search(
            [("company_id", "=", self.company.id)]
        ).recovery_account_id = False
        event = self.cost()
        self.apply(event)
        self.assertParked(event["id"], "unmapped_reference")
        self.env["construction.account.map"].search(
            [("company_id", "=", self.company.id)]
        ).recovery_account_id = self.recovery[self.company]
        self.agreement.rate_ids.unlink()
        self.drain()
        self.assertRegex(
            "\n".join(self.assertParked(event["id"], "unmapped_reference").mapped("message")),
            "no rate for Material",
        )
        self.assertFalse(self.move() or self.charge())
        self.agreement.rate_ids = [Command.create({"date_from": "2026-01-01"})]
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")
        self.assertEqual(self.charge().amount_total, 80)

    def test_the_same_company_and_an_unknown_one(self):
        self.process(self.cost(legal_entity="EU-01", currency="EUR", paid="unpaid"))
        self.assertEqual((self.move().company_id, len(self.charge())), (self.euro, 0))
        event = self.cost("D3", legal_entity="MARS")
        self.apply(event)
        self.assertParked(event["id"], "ownership_conflict")
