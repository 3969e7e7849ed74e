"""Void, re-approve, change order, release, receipt and bill in any order: the books are those of
doing it right once, on a job beside it. Every account by code, type and month, what the vendor
is owed, the cells of the cost report and the figures of the commitment are compared."""

from odoo.fields import Command
from odoo.tests import TransactionCase, tagged

from .common import SyncCase
from .correction_world import CODES, World

# name: (how it is done right once, the way round)
SEQUENCES = {
    "a commitment is voided after receipt and bill, reopened and received again": (
        [("order", 1000), ("receipt", "R2", 600), ("bill", "I1", 500)],
        [("order", 1000), ("receipt", "R1", 600), ("bill", "I1", 500), ("void_order",),
         ("reopen",), ("receipt", "R2", 600)],
    ),
    "the same with a person who releases every step": (
        [("order", 1000), ("bill", "I1", 500), ("bill", "I2", 100)],
        [("by_hand",), ("order", 1000), ("bill", "I1", 500), ("void_order",), ("reopen",),
         ("bill", "I2", 100)],
    ),
    "a voided commitment whose bill was voided too comes to nothing": (
        [],
        [("order", 1000), ("receipt", "R1", 700), ("bill", "I1", 500), ("bill", "I2", 200),
         ("void_bill", "I1"), ("void_order",), ("void_bill", "I2")],
    ),
    "a newer version of a posted bill, twice": (
        [("order", 1000), ("bill", "I1", 750)],
        [("order", 1000), ("bill", "I1", 500), ("bill", "I1", 900), ("bill", "I1", 750)],
    ),
    "a bill is voided and comes again": (
        [("order", 1000), ("bill", "I1", 400)],
        [("order", 1000), ("bill", "I1", 400), ("void_bill", "I1"), ("bill", "I1", 400),
         ("void_bill", "I1"), ("bill", "I1", 300), ("bill", "I1", 400)],
    ),
    "a commitment falls below what is billed, then the bill is corrected": (
        [("order", 700), ("bill", "I1", 600), ("bill", "I2", 50)],
        [("order", 1000), ("bill", "I2", 50), ("bill", "I1", 900), ("order", 700),
         ("bill", "I1", 600)],
    ),
    "a billed commitment gets another cost code": (
        [("order", 1000, "05-120"), ("bill", "I1", 500), ("bill", "I2", 100)],
        [("order", 1000), ("bill", "I1", 500), ("order", 1000, "05-120"), ("bill", "I2", 100)],
    ),
    "an executed and billed change order is voided and executed again": (
        [("order", 1000), ("change", "executed", 300), ("bill", "I1", 1250)],
        [("order", 1000), ("change", "executed", 300), ("bill", "I1", 1250), ("change", "voided"),
         ("change", "executed", 300)],
    ),
    "a change order is rejected after it was billed, and the vendor bills less": (
        [("order", 1000), ("change", "rejected", 300), ("bill", "I1", 900)],
        [("order", 1000), ("change", "approved", 300), ("change", "executed", 300),
         ("bill", "I1", 1250), ("change", "rejected", 300), ("bill", "I1", 900)],
    ),
    "a receipt is voided after its bill and recorded again": (
        [("three_way",), ("order", 1000), ("receipt", "R2", 500), ("bill", "I1", 500)],
        [("three_way",), ("order", 1000), ("receipt", "R1", 500), ("bill", "I1", 500),
         ("void_receipt", "R1"), ("receipt", "R2", 500)],
    ),
    "a final close is taken back and the rest is billed": (
        [("order", 1000), ("bill", "I1", 400), ("bill", "I2", 600)],
        [("order", 1000), ("bill", "I1", 400), ("close",), ("reopen",), ("bill", "I2", 600)],
    ),
    "a paid bill is replaced: the payment stays open on the vendor": (
        [("order", 1000), ("bill", "I1", 700), ("pay", 500)],
        [("order", 1000), ("bill", "I1", 500), ("pay", 500), ("bill", "I1", 700)],
    ),
    "retention is released and the bill that asked for it is sent anew": (
        [("order", 2000), ("bill", "I1", 1000, {"retention_amount": "100.00"}),
         ("bill", "I2", 500, {"retention_released": "100.00"})],
        [("order", 2000), ("bill", "I1", 1000, {"retention_amount": "100.00"}),
         ("bill", "I2", 300, {"retention_released": "100.00"}), ("void_bill", "I2"),
         ("bill", "I2", 500, {"retention_released": "100.00"})],
    ),
    "cost is transferred, then its bill is replaced": (
        [("order", 1000), ("bill", "I1", 450)],
        [("order", 1000), ("bill", "I1", 500), ("transfer", 200), ("bill", "I1", 450)],
    ),
    "a direct cost is replaced, voided and sent again": (
        [("cost", "D1", 80)],
        [("cost", "D1", 50), ("cost", "D1", 60), ("void_cost", "D1"), ("cost", "D1", 80)],
    ),
    "a budget change is voided between the bills": (
        [("order", 1000), ("budget", "B2", 300), ("bill", "I1", 500), ("bill", "I2", 100)],
        [("order", 1000), ("budget", "B1", 300), ("bill", "I1", 500), ("void_budget", "B1"),
         ("void_order",), ("budget", "B2", 300), ("reopen",), ("bill", "I2", 100)],
    ),
}  # fmt: skip


@tagged("post_install", "-at_install")
class TestCorrectionSequences(SyncCase, TransactionCase):
    def given(self):
        super().given()
        for kind in ("correction", "cost_transfer"):
            self.release_by_policy(kind)
        self.releaser = self.make_user("sequence-finance", "finance")
        self.policy = self.env["construction.match.policy"].create(
            {"company_id": self.company.id, "line_kind": "amount", "action": "block"}
        )
        self.bank = self.env["account.journal"].search(
            [("type", "=", "bank"), ("company_id", "=", self.company.id)], limit=1
        )
        retention = self.env["account.account"].create(
            {
                "name": "Retention",
                "code": "211901",
                "account_type": "liability_payable",
                "reconcile": True,
                "company_ids": [Command.set(self.company.ids)],
            }
        )
        outstanding = retention.copy(
            {"name": "Outstanding", "code": "101901", "account_type": "asset_current"}
        )
        self.bank.outbound_payment_method_line_ids.payment_account_id = outstanding
        rows = self.env["construction.account.map"].search([("company_id", "=", self.company.id)])
        rows.retention_account_id = retention
        for code in CODES:
            data = self.cost_code_data(code)
            self.process(self.event("cost_code.upserted", data=data, sequence=1))
        for name in ("A", "B"):
            World(self, name).given()

    def world(self, name):
        world = World(self, name)
        world.job = self.bound("job", name)
        world.vendor = self.bound("vendor", f"V-{name}")
        return world

    def follow(self, name):
        right, round_about = SEQUENCES[name]
        control, other = self.world("A"), self.world("B")
        control.run(right)
        other.run(round_about)
        expected = control.books()
        self.maxDiff = None
        self.assertEqual(other.books(), expected, name)
        other.replay()
        self.assertEqual(other.books(), expected, f"{name}, and every event once more")
        self.assertFalse(
            self.env["construction.correction"].search_count([("state", "=", "draft")]), name
        )


def _test_of(name):
    def test(self):
        self.follow(name)

    test.__doc__ = f"{name[0].upper()}{name[1:]}."
    return test


for number, title in enumerate(SEQUENCES, start=1):
    setattr(TestCorrectionSequences, f"test_{number:02d}", _test_of(title))
