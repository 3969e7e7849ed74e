"""Finance in the browser: bills within and outside their tolerance."""

from odoo.fields import Command
from odoo.tests import HttpCase, tagged

from .bills import BillCase


@tagged("post_install", "-at_install")
class TestBillTours(BillCase, HttpCase):
    def given(self):
        super().given()
        self.by_hand()
        self.budget(100000)
        self.ordered = self.order(self.line(10000), confirm=True)
        self.env["construction.match.policy"].create(
            {
                "company_id": self.company.id,
                "line_kind": "amount",
                "tolerance": "percent_nte",
                "value": 2,
                "limit": 150,
                "action": "block",
            }
        )
        self.submitted(9000, "TOUR-BEFORE").with_user(self.releaser).action_release()

    def submitted(self, amount, number):
        line = self.ordered.order_line._prepare_account_move_line()
        bill = self.env["account.move"].create(
            {
                "move_type": "in_invoice",
                "partner_id": self.vendor.id,
                "invoice_date": self.today(),
                "ref": number,
                "invoice_line_ids": [Command.create(line | {"quantity": amount, "price_unit": 1})],
            }
        )
        bill.with_user(self.finance).action_post()
        return bill

    def test_bill_matched(self):
        within = self.submitted(1150, "TOUR-IN")
        over = self.submitted(1.00, "TOUR-OVER")
        self.assertEqual((within.release_state, over.release_state), ("to_release", "returned"))
        self.start_tour("/odoo", "construction_bill_matched", login="admin")
        within.invalidate_recordset()
        self.assertEqual(within.state, "posted")
        self.start_tour("/odoo", "construction_bill_over", login="admin")
        over.invalidate_recordset()
        self.assertEqual((over.state, over.release_state), ("draft", "to_release"))
        self.assertEqual(over.match_reason, "Agreed with the site")
