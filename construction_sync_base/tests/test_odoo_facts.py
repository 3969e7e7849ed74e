"""What Odoo does by itself with the documents of jobs (facts X5 to X24 of the accounting rules),
and that the suite does it right. X1 to X4, X8, X9: `test_bill_retention`; X14: `test_native_rules`;
X15 to X17: `test_periods`, `test_posted_cost`; X18: `test_stock_issues`; X22: `test_budgets`.
"""

import re
from decimal import Decimal
from pathlib import Path

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import TransactionCase, tagged

from ..lib import money
from .bills import BillCase
from .domain import DomainCase
from .intercompany import IntercompanyCase
from .invoices import InvoiceCase

ADDON = Path(__file__).parents[1]


@tagged("post_install", "-at_install")
class TestApplications(BillCase, TransactionCase):
    """X5 to X7: one document per application of a contract states what is not so. This addon
    makes no document of the owner's side; the three moves of an application are left for
    billing. What it can hold is that retention never becomes a document of total zero."""

    def test_x5_x6_x7_nothing_here_makes_documents_of_customers(self):
        """The applications are billing's: until it is there, no path of this addon posts one in
        the way that lies."""
        found = [
            f"{path.relative_to(ADDON)}: {match[0]}"
            for folder in ("handlers", "models", "wizards", "controllers")
            for path in (ADDON / folder).rglob("*.py")
            for match in re.finditer(r"['\"]out_(?:invoice|refund|receipt)['\"]", path.read_text())
        ]
        self.assertFalse(found)

    def test_x5_retention_is_no_amount_of_a_customer_invoice(self):
        """Gross 0 and retention 4,000 on one invoice would post with total 0.00 and `paid`."""
        customer = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.vendor.id,
                "invoice_line_ids": [
                    Command.create({"name": "Work", "quantity": 1, "price_unit": 1000})
                ],
            }
        )
        with self.assertRaisesRegex(UserError, "held from bills"):
            customer.retention_amount = 100

    def test_x7_a_release_alone_is_not_paid_before_it_is(self):
        """An invoice of released retention alone has a total of zero, and natively is `paid` at
        once with 600 owed. Here it is open, due, paid by the wizard, and then paid."""
        first = self.held_bill(6000, 600)
        self.pay(first)
        self.assertNotEqual(first.payment_state, "paid")
        order = self.order(self.line(1), confirm=True, budget_reason="x")
        alone = self.bill(order, 0, post=False)
        alone.write({"retention_released_amount": 600, "ref": self.unique("INV-")})
        alone.action_post()
        self.assertEqual((alone.state, alone.amount_total), ("posted", 0))
        self.assertEqual((alone.payment_state, alone.amount_currently_due), ("not_paid", 600))
        self.assertEqual(self.balance(self.retention_account), 0)
        self.assertEqual(self.pay(alone), (600, 600))
        self.assertEqual((alone.payment_state, alone.amount_currently_due), ("paid", 0))
        self.assertEqual((first.payment_state, self.balance(self.payable())), ("paid", 0))

    def test_x7_and_beside_work_it_is_paid_in_part(self):
        self.pay(self.held_bill(6000, 600))
        second = self.held_bill(100, 0, retention_released_amount=600)
        self.assertEqual(second.amount_currently_due, 700)
        own = second.line_ids.filtered(lambda line: line.account_type == "liability_payable")
        wizard = self.wizard(own, line_ids=[Command.set(own.ids)])
        wizard.action_create_payments()
        self.assertEqual((second.payment_state, second.amount_currently_due), ("partial", 600))


@tagged("post_install", "-at_install")
class TestDeductive(InvoiceCase, TransactionCase):
    def test_x6_less_than_nothing_is_a_credit_note(self):
        """Odoo refuses an invoice with a negative total: an event of one is an issue before
        anything is made, and its credit note lowers what is billed."""
        self.refused("amount", lines=[self.line_of("-300.00")], amount_untaxed="-300.00",
                     amount_total="-300.00")  # fmt: skip
        bill = self.made("I1", lines=[self.line_of("1000.00")])
        credit = self.made("I2", kind="credit_note", lines=[self.line_of("300.00")])
        self.assertEqual((bill.move_type, credit.move_type), ("in_invoice", "in_refund"))
        finance = self.make_user("facts-finance", "finance")
        (bill | credit).with_user(finance).action_release()
        self.assertEqual(self.ordered.order_line[0].qty_invoiced, 700)


@tagged("post_install", "-at_install")
class TestScheduleFacts(DomainCase, TransactionCase):
    """X10 to X13: the value in the quantity, six decimals of it, and no native accrual."""

    def given(self):
        super().given()
        self.budget(3000000)

    def test_x10_a_third_of_a_lump_sum_is_a_third(self):
        order = self.order(self.line(100000), confirm=True)
        bill = self.bill(order, 33333.33)
        self.assertEqual(bill.amount_untaxed, 33333.33, "33,000.00 with two decimals of 1")
        self.assertEqual(self.env["decimal.precision"].precision_get("Product Unit"), 6)

    def test_x11_the_native_accrual_finds_nothing_to_take_back(self):
        """Billed in part, nothing received: native would propose −100,000.00; ours at most what
        is open."""
        order = self.order(self.line(100000), confirm=True)
        self.bill(order, 33333.33)
        line = order.order_line
        self.assertEqual((line.qty_invoiced, line.qty_to_invoice), (33333.33, 66666.67))
        account = self.asset.copy({"account_type": "liability_current", "code": "299998"})
        wizard = self.env["account.accrued.orders.wizard"].with_context(
            active_model="purchase.order", active_ids=order.ids
        )
        with self.assertRaisesRegex(UserError, "not by this wizard"):
            wizard.create({"account_id": account.id}).create_entries()

    def test_x12_the_owners_contract_is_not_invoiced_after_the_first_bill(self):
        """Billing brings the contract. With the value in the quantity the native figures of a
        sale order are right already; income of it carries the job alone."""
        if "sale.order" not in self.env:
            self.skipTest("sale is not installed")
        product = self.env["product.product"].create(
            {"name": "Contract work", "type": "service", "invoice_policy": "order",
             "uom_id": self.env.ref("uom.product_uom_unit").id}
        )  # fmt: skip
        coding = {str(self.job.account_id.id): 100}
        order = self.env["sale.order"].create(
            {
                "partner_id": self.vendor.id,
                "order_line": [
                    Command.create(
                        {"product_id": product.id, "product_uom_qty": 200000, "price_unit": 1,
                         "tax_ids": [Command.clear()], "analytic_distribution": coding}
                    )
                ],
            }
        )  # fmt: skip
        order.action_confirm()
        invoice = order._create_invoices()
        invoice.invoice_line_ids.quantity = 60000
        invoice.action_post()
        self.assertEqual(invoice.amount_untaxed, 60000)
        self.assertEqual((order.invoice_status, order.amount_to_invoice), ("to invoice", 140000))
        with self.assertRaisesRegex(ValidationError, "the job alone"):
            order.order_line.analytic_distribution = self.key()

    def test_x13_an_eighth_of_a_million(self):
        product = self.env["product.product"].create({"name": "Survey", "type": "service"})
        unit = {"sov_method": "unit", "product_id": product.id, "price_unit": 1000000}
        order = self.order(self.line(0.125, **unit), confirm=True, budget_reason="x")
        self.assertEqual((order.order_line.product_qty, order.amount_untaxed), (0.125, 125000))
        order.order_line.qty_received = 0.015625
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(order.order_line.qty_received, 0.015625)
        bill = self.bill(order, 0.015625)
        self.assertEqual(bill.amount_untaxed, 15625)

    def test_x14_the_price_of_a_billed_line(self):
        order = self.order(self.line(100000), confirm=True)
        self.bill(order, 60000)
        with self.assertRaisesRegex(UserError, "change order"):
            order.order_line.product_qty = 50000
        with self.assertRaisesRegex(UserError, "ordered 100000.0, received 0.0, billed 60000.0"):
            order._apply_change([(order.order_line, {"product_qty": 50000.0, "price_unit": 1.0})])
        self.assertFigures(committed=100000, billed=60000, open=40000)


@tagged("post_install", "-at_install")
class TestLedgerFacts(DomainCase, TransactionCase):
    def test_x19_an_accrual_is_cost_on_one_side(self):
        """Native puts the job on both sides, so that it nets to nothing; a home-made one counts
        together with the commitment that is still open. Ours: 4,000 of 10,000."""
        self.budget(20000)
        owed = self.asset.copy({"account_type": "liability_current", "code": "299997"})
        self.env["construction.account.map"].search(
            [("company_id", "=", self.company.id)]
        ).accrual_account_id = owed
        self.release_by_policy("accrual")
        order = self.order(self.line(10000), confirm=True)
        accrual = self.env["construction.accrual"].create(
            {
                "month": "2026-03-01",
                "line_ids": [
                    Command.create({"purchase_line_id": order.order_line.id, "amount": 4000})
                ],
            }
        )
        accrual.action_submit()
        self.assertEqual(accrual.state, "posted")
        coded = accrual.move_id.line_ids.filtered("analytic_distribution")
        self.assertEqual(
            [(line.balance, line.account_id == owed) for line in coded], [(4000, False)]
        )
        lines = self.env["account.analytic.line"].search(
            [("account_id", "=", self.job.account_id.id), ("date", "<=", "2026-03-31")]
        )
        self.assertEqual(sum(lines.mapped("amount")), -4000, "what the month bears")
        accrual.reversal_id.button_draft()  # as it is before the day has come
        position = self.env["construction.job.cost"]._positions(self.job)
        (row,) = [row for row in position.values() if row["committed"]]
        self.assertEqual(
            [row[name] for name in ("actual", "accrued", "open", "committed")],
            [4000, 4000, 6000, 10000],
        )

    def test_x20_a_shared_cost_is_lines_with_amounts(self):
        """12.3456 % of 1,000,000: Odoo keeps two decimals of the percent and books 123,500."""
        first, second = next(iter(self.key())), next(iter(self.key(code=self.other_code)))
        with self.assertRaisesRegex(UserError, "2 × cost code"):
            self.cost_entry(1000000, {first: 12.3456, second: 87.6544})
        move = self.entry(
            (self.expense, 123456, self.key()),
            (self.expense, 876544, self.key(code=self.other_code)),
            (self.asset, -1000000, False),
        )
        self.assertEqual(
            sorted(move.line_ids.analytic_line_ids.mapped("amount")), [-876544, -123456]
        )
        self.assertFigures(actual=123456)
        self.assertFigures(code=self.other_code, actual=876544)

    def test_x22_tax_without_an_account_is_commitment_and_cost(self):
        tax = self.env["account.tax"].create(
            {"name": "Lost 8", "amount": 8, "type_tax_use": "purchase",
             "company_id": self.company.id}
        )  # fmt: skip
        self.budget(1079)
        self.policy(budget_check="block")
        order = self.order(self.line(1000, tax_ids=[Command.set(tax.ids)]))
        with self.assertRaisesRegex(UserError, "1,080"):
            order.button_confirm()
        self.policy(budget_check="off")
        order.button_confirm()
        self.assertFigures(committed=1080, open=1080, available=-1)
        self.bill(order, 1000)
        self.assertFigures(actual=1080, open=0, available=-1)

    def test_x23_what_community_has_no_menu_for(self):
        """The screens that Finance lacks there are menus here, and each opens."""
        finance = self.make_user("facts-menus", "finance")
        menus = self.env["ir.ui.menu"].with_user(finance)._visible_menu_ids()
        for name in ("period", "job_ledger", "clearing", "intercompany_tie", "accrual",
                     "bill", "hold", "commitment", "cost_transfer"):  # fmt: skip
            menu = self.env.ref(f"construction_sync_base.menu_construction_{name}")
            self.assertIn(menu.id, menus, name)
            action = menu.action
            self.env[action.res_model].with_user(finance).search([], limit=1)

    def test_x24_amounts_of_the_orm_are_floats(self):
        """Summed as they are they drift; the border helper takes them in to the cent, and
        nothing out that would come back changed."""
        moves = self.env["account.move"].union(*(self.cost_entry(0.1) for _each in range(3)))
        self.assertIs(type(moves[0].amount_total), float)
        self.assertNotEqual(sum(moves.mapped("amount_total")), 0.3)
        exact = sum(money.from_float(move.amount_total, 2) for move in moves)
        self.assertEqual((exact, type(exact)), (Decimal("0.30"), Decimal))
        self.assertFigures(actual=0.3)
        self.env["construction.job.cost"].flush_model()
        position = self.env["construction.job.cost"]._positions(self.job)
        self.assertEqual({type(row["actual"]) for row in position.values()}, {Decimal})


@tagged("post_install", "-at_install")
class TestCompanyFacts(IntercompanyCase, TransactionCase):
    def test_x21_a_bill_of_one_company_on_a_job_of_another(self):
        """Refused as a coding, whoever writes it; the pair is the way."""
        coding = self.key(self.euro_job)
        with self.assertRaisesRegex(UserError, "belongs to Euro Bau"):
            self.cost_entry(1000, coding)
        document = self.released(1000)
        self.assertEqual(self.totals(self.euro_job)["actual"], 800)
        self.assertEqual(document.move_id.sudo().company_id, self.company)
