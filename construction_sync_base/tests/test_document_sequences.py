"""Whatever is approved, billed, credited, accrued, transferred, voided, closed and replayed, in
any order: cost report = analytic lines = journal items; committed = billed + accrued + open; and
after close-out committed = billed."""

import random
from decimal import Decimal

from odoo import fields
from odoo.fields import Command
from odoo.tests import TransactionCase, tagged

from ..lib import money
from ..models.construction_coding import COST_ACCOUNTS
from .domain import DomainCase

SEED = 4


def cents(amount):
    return money.from_float(amount, 2)


@tagged("post_install", "-at_install")
class TestDocumentSequences(DomainCase, TransactionCase):
    def given(self):
        super().given()
        self.policy(budget_check="off")
        self.job = self.setup_job("J1", codes=("03-300", "05-120"))
        self.code, self.other_code = (
            self.bound("cost_code", f"CC-{code}") for code in ("03-300", "05-120")
        )
        self.vendor = self.bound("vendor", "V1")
        for kind in ("accrual", "cost_transfer"):
            self.release_by_policy(kind)
        self.env["construction.account.map"].search(
            [("company_id", "=", self.company.id)]
        ).accrual_account_id = self.asset.copy(
            {"account_type": "liability_current", "code": "299995"}
        )
        lines = [
            self.commitment_line("1", "900.00"),
            self.commitment_line("2", "333.33", cost_code="05-120", cost_type="subcontract"),
        ]
        self.sent = self.event(
            "commitment.approved", data=self.commitment_data(lines=lines), sequence=1
        )
        self.process(self.sent)

    def setUp(self):
        super().setUp()
        self.today = fields.Date.today()
        self.closed = self.env["purchase.order"]

    # ---------------------------------------------------------------- steps
    def orders(self):
        return self.env["purchase.order"].search(
            [("project_id", "=", self.job.id), ("state", "=", "purchase")]
        )

    def some(self, records):
        return self.random.choice(list(records)) if records else records

    def open_lines(self):
        return [line for line in (self.orders() - self.closed).order_line if self.left(line) > 0]

    def approve(self):
        lines = [
            self.line(
                self.random.randint(1, 90000) / 100,
                self.random.choice([self.code, self.other_code]),
                self.random.choice([self.material, self.subcontract]),
            )
            for _each in range(self.random.randint(1, 3))
        ]
        return self.order(*lines, confirm=True)

    def pay(self):
        line = self.some(self.open_lines())
        if not line:
            return None
        part = cents(float(self.left(line)) * self.random.choice([0.3, 0.5, 1]))
        lines = line.order_id.order_line
        bill = self.bill(
            line.order_id, *(float(part) if one == line else 0 for one in lines), post=False
        )
        bill.ref = self.unique("INV-")
        bill.action_post()
        self.assertEqual(bill.state, "posted", bill.release_reason)
        return bill

    def credit(self):
        bills = self.env["account.move"].search(
            [("construction_job_id", "=", self.job.id), ("move_type", "=", "in_invoice"),
             ("state", "=", "posted"), ("reversal_move_ids", "=", False)]
        )  # fmt: skip
        bill = self.some(bills - self.closed.invoice_ids)
        if bill:
            credit = bill._reverse_moves([{"invoice_date": self.today, "ref": self.unique("CN-")}])
            credit.action_post()
            self.assertEqual(credit.state, "posted", credit.release_reason)
        return bill

    def accrue(self):
        line = self.some(self.open_lines())
        if not line:
            return None
        amount = cents(float(self.left(line)) * self.random.choice([0.4, 1]))
        month = self.random.choice([self.today.replace(day=1), "2026-03-01"])
        accrual = self.env["construction.accrual"].create(
            {
                "month": month,
                "line_ids": [
                    Command.create({"purchase_line_id": line.id, "amount": float(amount)})
                ],
            }
        )
        accrual.action_submit()
        self.assertEqual(accrual.state, "posted")
        return accrual

    def transfer(self):
        item = self.some(
            self.items().filtered(lambda item: item.move_type == "in_invoice" and item.balance > 0)
        )
        if not item:
            return None
        Line = self.env["construction.cost.transfer.line"]
        (values,) = Line._values_of(item)
        amount = cents(values["amount"] * 0.5)
        if not amount:
            return None
        other = self.other_code if values["from_cost_code_id"] == self.code.id else self.code
        values |= {"amount": float(amount), "to_cost_code_id": other.id}
        transfer = self.env["construction.cost.transfer"].create(
            {"reason": "Wrong code", "line_ids": [Command.create(values)]}
        )
        transfer.action_submit()
        self.assertEqual(transfer.state, "posted")
        return transfer

    def void(self):
        order = self.some(
            [
                order
                for order in self.orders() - self.bound("commitment", "C1")
                if not order.invoice_ids and not self.accrued(order.order_line)
            ]
        )
        if order:
            order.button_cancel()
        return order

    def close(self):
        order = self.some(self.orders() - self.closed)
        if order:
            order._close_commitment("final", self.today)
            self.closed |= order
        return order

    def replay(self):
        """The same once more, and the same under another id."""
        self.send(self.sent)
        return self.apply(dict(self.sent, id=self.unique("again-")))

    # --------------------------------------------------- the second computation
    def items(self):
        return self.env["account.move.line"].search(
            [("analytic_distribution", "in", self.job.account_id.ids),
             ("parent_state", "=", "posted"), ("account_id.account_type", "in", COST_ACCOUNTS)]
        )  # fmt: skip

    def billed(self, lines):
        """By the posted bills themselves."""
        items = lines.invoice_lines.filtered(lambda item: item.parent_state == "posted")
        return sum((cents(item.balance) for item in items), Decimal(0))

    def accrued(self, lines):
        rows = self.env["construction.accrual.line"].search(
            [("purchase_line_id", "in", lines.ids), ("accrual_id.state", "=", "posted"),
             ("accrual_id.reversal_id.state", "!=", "posted")]
        )  # fmt: skip
        return sum((cents(row.amount) for row in rows), Decimal(0))

    def committed(self, lines):
        return sum(
            (cents(line.price_subtotal) - cents(line.released_amount) for line in lines),
            Decimal(0),
        )

    def left(self, line):
        return self.committed(line) - self.billed(line) - self.accrued(line)

    def assertTied(self, step):
        self.env.flush_all()
        self.env.invalidate_all()
        positions = self.env["construction.job.cost"]._positions(self.job).values()
        shown = {
            name: sum((row[name] for row in positions), Decimal(0))
            for name in ("committed", "billed", "accrued", "open", "actual")
        }
        lines = self.orders().order_line
        wanted = {
            "committed": self.committed(lines),
            "billed": self.billed(lines),
            "accrued": self.accrued(lines),
            "open": sum((self.left(line) for line in lines), Decimal(0)),
            "actual": sum((cents(item.balance) for item in self.items()), Decimal(0)),
        }
        self.assertEqual(shown, wanted, step)
        self.assertEqual(
            shown["committed"], shown["billed"] + shown["accrued"] + shown["open"], step
        )
        for order in self.closed:
            ours = order.order_line
            told = (step, order.name, self.accrued(ours))
            self.assertEqual(self.committed(ours), self.billed(ours), told)
        months = self.env["construction.job.ledger"].search([("job_id", "=", self.job.id)])
        self.assertFalse(months.filtered("difference"), step)
        self.assertEqual(cents(sum(months.mapped("report_amount"))), wanted["actual"], step)
        return shown

    def test_any_sequence(self):
        acts = [self.approve, self.pay, self.credit, self.accrue, self.transfer, self.void,
                self.close, self.replay]  # fmt: skip
        self.random, seen = random.Random(SEED), set()
        rest = [*acts, self.pay, self.accrue]
        self.random.shuffle(rest)
        for number, act in enumerate([self.approve, self.approve, self.pay, *rest]):
            if act():
                seen.add(act.__name__)
            before = self.assertTied(f"step {number}: {act.__name__}")
        self.assertEqual(seen, {act.__name__ for act in acts}, "all of it happened")
        self.replay()
        self.assertEqual(self.assertTied("replayed"), before)
