"""Bills of several companies and currencies, and who may see and do what."""

from lxml import etree
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import TransactionCase, tagged

from .bills import BillCase


@tagged("post_install", "-at_install")
class TestBillCompanies(BillCase, TransactionCase):
    def given(self):
        super().given()
        self.second = self.make_company("Second")
        self.stranger = self.make_user("bill-stranger", "finance", company=self.second)
        self.bill1 = self.held_bill(1000, 100)
        self.bill1.action_hold("Wait")

    def test_a_stranger_sees_nothing(self):
        for records in (self.bill1, self.bill1.match_line_ids, self.bill1.hold_ids):
            model = self.env[records._name].with_user(self.stranger)
            self.assertFalse(model.search([("id", "in", records.ids)]), records._name)
            with self.assertRaises(AccessError):
                records.with_user(self.stranger).read(["display_name"])
        with self.assertRaises(AccessError):
            self.bill1.with_user(self.stranger).action_hold("x")
        with self.assertRaises(AccessError):
            self.bill1.hold_ids.with_user(self.stranger).action_release_hold("x")

    def test_tolerances_are_of_a_company(self):
        self.env["construction.match.policy"].create(
            {"company_id": self.second.id, "line_kind": "amount", "action": "block"}
        )
        order = self.order(self.line(100), confirm=True, budget_reason="x")
        bill = self.bill(order, 101, post=False)
        bill._match_bills()
        self.assertEqual(bill.match_verdict, "warn")

    def test_retention_accounts_are_of_a_company(self):
        """The other company has none: nothing of it is guessed from here."""
        AccountMap = self.env["construction.account.map"]
        self.assertFalse(AccountMap._other_account_id(self.second, "retention_account_id"))
        account = self.make_retention_account(self.second)
        self.assertEqual(
            AccountMap._other_account_id(self.second, "retention_account_id"), account.id
        )
        self.assertIn(account.id, AccountMap._retention_account_ids())

    def test_who_reads_the_match(self):
        """Bookkeepers and buyers read it, a plain project user does not."""
        rows = self.bill1.match_line_ids
        for group in ("finance", "project_manager", "auditor", "integration_manager"):
            user = self.make_user(f"reads-{group}", group)
            self.assertTrue(rows.with_user(user).read(["over"]), group)
        with self.assertRaises(AccessError):
            rows.with_user(self.make_user("reads-pu", "project_user")).read(["over"])
        for act in (
            lambda: rows.with_user(self.finance).write({"over": 0}),
            lambda: rows.with_user(self.finance).unlink(),
            lambda: self.env["construction.match.line"].with_user(self.finance).create({}),
        ):
            with self.assertRaises(AccessError):
                act()

    def test_a_bookkeeper_without_our_groups_sees_the_bill(self):
        """The native form opens for everybody who reads bills in Odoo. (Buyers do not read
        payments, which is Odoo's own part of it; ours is none of their hindrances.)"""
        cost = self.bill1.invoice_line_ids
        self.env["construction.bill.deduction"].create(
            {"move_id": self.bill1.id, "kind": "discount", "name": "x", "amount": 20,
             "account_id": cost.account_id.id}
        )  # fmt: skip
        waiting = self.waiting_bill()
        groups = {
            "clerk": ["account.group_account_invoice"],
            "reader": ["base.group_user", "account.group_account_readonly"],
            "buyer": ["purchase.group_purchase_user"],
        }
        users = {
            name: self.env["res.users"].create(
                {
                    "name": name,
                    "login": f"bill-{name}",
                    "group_ids": [Command.set([self.env.ref(group).id for group in wanted])],
                }
            )
            for name, wanted in groups.items()
        }
        users["manager"] = self.manager
        users["integrator"] = self.make_user("bill-integrator", "integration_manager")
        users["integrator"].group_ids |= self.env.ref("account.group_account_readonly")
        for name, user in users.items():
            with self.subTest(name):
                ours = not user.has_group("account.group_account_readonly") and not (
                    user.has_group("account.group_account_invoice")
                )
                bill, draft = (self.on_the_form(one, user, ours) for one in (self.bill1, waiting))
                self.assertEqual((bill["amount_currently_due"], bill["on_hold"]), (900, True))
                self.assertEqual((bill["deduction_total"], len(bill["deduction_ids"])), (20, 1))
                self.assertIn("30", draft["release_effect"])
                self.assertNotIn("intercompany_cost_ids", bill)

    def waiting_bill(self):
        """One that waits for its release, with a deduction."""
        bill = self.held_bill(500, 0, post=False)
        cost = bill.invoice_line_ids
        self.env["construction.bill.deduction"].create(
            {"move_id": bill.id, "kind": "discount", "name": "x", "amount": 30,
             "account_id": cost.account_id.id}
        )  # fmt: skip
        self.by_hand()
        bill.action_post()
        self.assertEqual(bill.release_state, "to_release")
        return bill

    def on_the_form(self, record, user, ours=False):
        """What the web client reads when this user opens the form, or what is ours of it."""
        self.env.flush_all()
        self.env.invalidate_all()
        record = record.with_user(user)
        arch = etree.fromstring(record.get_view(view_type="form")["arch"])
        names = self.read_by(arch, record)
        if ours:
            names = {
                name: parts
                for name, parts in names.items()
                if record._fields[name]._modules == ("construction_sync_base",)
            }
        return record.web_read(names)[0]

    def read_by(self, node, record):
        names = {}
        for child in node:
            if child.tag != "field":
                names |= self.read_by(child, record)
                continue
            field = record._fields[child.get("name")]
            parts = {}
            if field.type == "many2one":
                parts = {"display_name": {}}
            elif field.type in ("one2many", "many2many"):
                parts = self.read_by(child, record[field.name])
            names[field.name] = {"fields": parts} if parts else {}
        return names

    def test_tolerance_in_the_orders_currency(self):
        """100 of the company's are 50 of an order at 0.5."""
        euro = self.foreign()
        self.env["construction.match.policy"].create(
            {
                "company_id": self.company.id,
                "line_kind": "amount",
                "tolerance": "flat",
                "value": 100,
                "action": "block",
            }
        )
        order = self.order(self.line(1000), currency_id=euro.id, confirm=True, budget_reason="x")
        bill = self.bill(order, 1050, post=False)
        bill._match_bills()
        row = bill.match_line_ids
        self.assertEqual((row.tolerance, row.currency_id, bill.match_verdict), (50, euro, "match"))
        bill.invoice_line_ids.quantity = 1050.01
        bill._match_bills()
        self.assertEqual(bill.match_verdict, "block")

    def test_a_bill_in_another_currency_than_its_order(self):
        """Compared in the order's currency, at the order's rate."""
        euro = self.foreign()
        order = self.order(self.line(1000), currency_id=euro.id, confirm=True, budget_reason="x")
        bill = self.bill(order, 1000, post=False)
        bill.currency_id = self.company.currency_id
        bill.invoice_line_ids.write({"quantity": 1, "price_unit": 2000})
        bill._match_bills()
        row = bill.match_line_ids
        self.assertEqual((row.this_bill, row.ordered, row.over), (1000, 1000, 0))
