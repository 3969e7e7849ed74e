"""budget.approved: a new approved version from the platform."""

from decimal import Decimal
from unittest.mock import patch

from odoo.tests import TransactionCase, tagged
from odoo.tools.translate import code_translations

from ..lib import sov
from ..lib.errors import AmountError
from .common import SyncCase


@tagged("post_install", "-at_install")
class TestBudgetEvents(SyncCase, TransactionCase):
    def given(self):
        super().given()
        self.job = self.setup_job(codes=("03-300", "05-120"), budget=None)

    def approved(self, external_id="B1", sequence=None, **over):
        data = self.budget_data(external_id, **over)
        return self.event("budget.approved", data=data, sequence=sequence)

    def test_versions(self):
        self.process(self.approved(sequence=1, version="1"))
        self.process(self.approved("B2", sequence=2, version="2", lines=[self.budget_line("9.50")]))
        budgets = self.job.budget_ids.sorted("version_number")
        self.assertEqual(budgets.mapped("state"), ["superseded", "approved"])
        self.assertEqual(budgets.mapped("amount_total"), [100000, 9.5])
        self.assertEqual(self.job.budget_id.version, "2")

    def test_a_version_sent_again_is_kept_beside(self):
        self.process(self.approved(sequence=1))
        self.process(self.approved(sequence=2, lines=[self.budget_line("5")]))
        self.assertEqual(self.job.budget_ids.sorted("id").mapped("version"), ["1", "1.2"])
        self.assertEqual(self.job.budget_id.amount_total, 5)

    def test_basis(self):
        self.process(self.approved(sequence=1))
        self.assertEqual(self.job.budget_id.basis, "original")
        self.process(
            self.approved(
                "B2", 2, version="2", basis="current", includes_changes=["CO-1", "CO-2"],
                effective_on="2026-02-01",
            )
        )  # fmt: skip
        budget = self.job.budget_id
        self.assertEqual((budget.basis, budget.includes_changes), ("current", "CO-1, CO-2"))
        self.assertEqual(str(budget.effective_on), "2026-02-01")

    def test_lines(self):
        self.process(
            self.approved(
                lines=[
                    self.budget_line(
                        "100.00", line_id="a", quantity="12.5", uom="cy", unit_cost="8"
                    ),
                    self.budget_line("50.00", line_id="b", uom={"code": "cy"}),
                    self.budget_line("7.00", cost_code="05-120", reserve="contingency"),
                    self.budget_line("-2.00", cost_code="05-120"),
                    self.budget_line("3.00", cost_code="05-120"),
                ],
                total="158.00",
            )
        )
        lines = self.job.budget_id.line_ids.sorted("id")
        self.assertEqual(lines.mapped("amount"), [100, 50, 7, 1])
        self.assertEqual(lines.mapped("line_ref"), ["a", "b", False, False])
        self.assertEqual(lines[0].uom_id, self.env.ref("construction_sync_base.uom_cubic_yard"))
        self.assertEqual(lines[1].uom_id, lines[0].uom_id)
        self.assertEqual((lines[0].quantity, lines[0].unit_cost), (12.5, 8))

    def test_quantities_of_one_coding(self):
        """They add up in one unit, wherever it was named; in two units they are a question."""

        def lines(*quantities):
            return [
                self.budget_line(
                    "10.00", quantity=quantity, uom=uom,
                    production=made and {"quantity": made, "uom": uom},
                )
                for quantity, uom, made in quantities
            ]  # fmt: skip

        self.process(
            self.approved(lines=lines((None, None, None), ("4", "cy", "40"), ("5", "cy", "50")))
        )
        line = self.job.budget_id.line_ids
        unit = self.env.ref("construction_sync_base.uom_cubic_yard")
        self.assertEqual((line.quantity, line.uom_id), (9, unit))
        self.assertEqual((line.production_quantity, line.production_uom_id), (90, unit))
        self.assertEqual(line.amount, 30)
        for field in ("quantity", "production"):
            first, second = lines(("4", "cy", "40"), ("5", "day", "50"))
            for one in (first, second):
                one.pop("production" if field == "quantity" else "quantity")
            event = self.approved(self.unique("B"), lines=[first, second])
            self.apply(event)
            self.assertIn("another unit", self.assertParked(event["id"], "amount").message)

    def test_amounts_that_do_not_fit(self):
        for name, over in {
            "total": {"total": "99999.99"},
            "decimals": {"lines": [self.budget_line("1.001")]},
            "float": {"lines": [self.budget_line(1.5)]},
            "digits": {"lines": [self.budget_line("1.00", quantity="9999999999999.123456")]},
            "negative total": {"lines": [self.budget_line("-1.00")]},
            "currency": {"currency": "XTS"},
        }.items():
            event = self.approved(self.unique("B"), **over)
            self.apply(event)
            self.assertEqual(self.state(event["id"]), "parked", name)
            categories = self.issues(event["id"]).mapped("category")
            self.assertIn(categories, (["amount"], ["schema"]), name)
        self.assertFalse(self.job.budget_ids)

    def test_only_in_the_jobs_currency(self):
        self.env.ref("base.EUR").active = True
        event = self.approved(currency="EUR")
        self.apply(event)
        self.assertParked(event["id"], "amount")

    def test_unknown_code_waits_and_nothing_is_made(self):
        event = self.approved(
            lines=[self.budget_line("1"), self.budget_line("2", cost_code="09-900")]
        )
        self.apply(event)
        self.assertParked(event["id"], "unmapped_reference")
        self.assertFalse(self.job.budget_ids)
        self.process(
            self.event("cost_code.upserted", data=self.cost_code_data("09-900"), sequence=1)
        )
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")

    def test_lines_of_a_sub_job_are_a_question(self):
        event = self.approved(lines=[self.budget_line(sub_job="J1-A")])
        self.apply(event)
        self.assertParked(event["id"], "unmapped_reference")

    def test_closed_job_until_it_is_reopened(self):
        self.job.job_status = "closed"
        event = self.approved()
        self.apply(event)
        self.assertParked(event["id"], "inactive_target")
        self.job.job_status = "active"
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")

    def test_a_larger_budget_lets_a_blocked_commitment_go(self):
        self.env.ref("construction_sync_base.policy_commitment").budget_check = "block"
        self.process(self.approved(sequence=1, lines=[self.budget_line("999.99")]))
        order = self.event("commitment.approved", data=self.commitment_data(), sequence=1)
        self.apply(order)
        issue = self.assertParked(order["id"], "budget")
        self.assertEqual(issue.amount, 0.01)
        self.process(self.approved("B2", 2, version="2", lines=[self.budget_line("1000.00")]))
        self.drain()
        self.assertEqual(self.state(order["id"]), "processed")

    def test_arithmetic_is_told_in_the_language_of_the_reader(self):
        """The pure core knows no language; what it says is a text of the addon all the same."""
        self.env["res.lang"]._activate_lang("fr_FR")
        with self.assertRaises(AmountError) as raised:
            sov.check_total(Decimal(3), [Decimal(1), Decimal(1)])
        french = {raised.exception.text: "Lignes %(lines)s, total %(total)s, écart %(difference)s."}
        known = {("construction_sync_base", "fr_FR"): french}
        handler = self.env["construction.handler.domain"].with_context(lang="fr_FR")
        with patch.dict(code_translations.python_translations, known):
            self.assertEqual(handler._told(raised.exception), "Lignes 2, total 3, écart 1.")
