"""A job that lives through events, and what its books say afterwards: for the tests that compare
two ways to the same end."""

from collections import Counter

from odoo.fields import Command

CODES = ("03-300", "05-120")


class World:
    """One job with its own vendor and order; every step is an event, unless people do it."""

    def __init__(self, case, name):
        self.case, self.name, self.sequence = case, name, 0
        self.by_person, self.sent = False, []

    def given(self):
        case, vendor = self.case, f"V-{self.name}"
        case.process(
            case.event("job.upserted", data=case.job_data(self.name), sequence=1),
            case.event("vendor.upserted", data=case.vendor_data(vendor), sequence=1),
        )
        lines = [case.budget_line("100000.00", cost_code=code) for code in CODES]
        data = case.budget_data(f"B-{self.name}", self.name, lines)
        case.process(case.event("budget.approved", data=data, sequence=1))

    def run(self, steps):
        for step in steps:
            verb, *args = step
            getattr(self, verb)(*args)
            if self.by_person:
                self.release_all()

    def replay(self):
        """Every event once more, as a platform does that lost our answers."""
        for event in self.sent:
            self.case.apply(dict(event, id=self.case.unique("again-")))

    def tell(self, event_type, external_id, data):
        self.sequence += 1
        name = event_type.split(".")[0]
        external_id = f"{external_id}-{self.name}"
        event = self.case.event(
            event_type,
            f"{name}/{external_id}",
            {**data, "external_id": external_id},
            sequence=self.sequence,
        )
        self.sent.append(event)
        self.case.apply(event)
        if not self.by_person:
            issues = self.case.issues(event["id"]).mapped("message")
            self.case.assertEqual(self.case.state(event["id"]), "processed", issues)

    def void(self, kind, external_id):
        data = {"date": "2026-04-02", "reason": "mistake", "by": "Pat"}
        self.tell(f"{kind}.voided", external_id, data)

    # --------------------------------------------------------------- people
    def by_hand(self):
        self.by_person = True
        self.case.by_hand("supplier_invoice", "correction")

    def release_all(self):
        for _round in range(5):
            waiting = [
                record
                for model in ("construction.correction", "account.move")
                for record in self.case.env[model].search([("release_state", "=", "to_release")])
            ]
            if not waiting:
                return
            for record in waiting:
                record.with_user(self.case.releaser).action_release()
            self.case.drain()
        self.case.fail("it is never released")

    def three_way(self):
        self.case.policy.receipt_required = True

    def pay(self, amount):
        bill = self.case.bound("supplier_invoice", f"I1-{self.name}")
        wizard = self.case.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=bill.ids
        )
        wizard.create(
            {
                "journal_id": self.case.bank.id,
                "amount": amount,
                "payment_date": "2026-04-01",
                "payment_difference_handling": "open",
            }
        ).action_create_payments()

    def transfer(self, amount):
        bill = self.case.bound("supplier_invoice", f"I1-{self.name}")
        items = bill.line_ids.filtered("analytic_distribution")
        values = self.case.env["construction.cost.transfer.line"]._values_of(items)[0]
        code = self.case.env["construction.cost.code"].search([("code", "=", CODES[1])])
        values |= {"amount": amount, "to_cost_code_id": code.id}
        transfer = self.case.env["construction.cost.transfer"].create(
            {"reason": "elsewhere", "date": "2026-04-01", "line_ids": [Command.create(values)]}
        )
        transfer._release_submit()
        self.case.assertEqual(transfer.state, "posted")

    # --------------------------------------------------------------- events
    def order(self, amount, code=CODES[0]):
        line = self.case.commitment_line("1", f"{amount}.00", cost_code=code)
        data = self.case.commitment_data(
            "C", self.name, f"V-{self.name}", [line], number=f"PO-{self.name}"
        )
        self.tell("commitment.approved", "C", data)

    def void_order(self):
        self.void("commitment", "C")

    def reopen(self):
        self.tell("commitment.reopened", "C", {"date": "2026-04-03"})

    def close(self):
        figures = {"final_amount": "400.00", "open_released": "600.00", "retention_balance": "0"}
        self.tell("commitment.closed", "C", {"date": "2026-04-02", "kind": "final", **figures})

    def receipt(self, external_id, amount):
        self.tell(
            "receipt.recorded",
            external_id,
            {
                "kind": "receipt",
                "commitment": f"C-{self.name}",
                "date": "2026-03-20",
                "lines": [{"commitment_line_id": "1", "amount": f"{amount}.00"}],
            },
        )

    def void_receipt(self, external_id):
        self.void("receipt", external_id)

    def bill(self, external_id, amount, more=None):
        text = f"{amount}.00"
        self.tell(
            "supplier_invoice.received",
            external_id,
            {
                "kind": "invoice",
                "number": f"{external_id}-{self.name}",
                "vendor": f"V-{self.name}",
                "commitment": f"C-{self.name}",
                "date": "2026-03-31" if external_id == "I1" else "2026-04-01",
                "currency": self.case.company.currency_id.name,
                "amount_untaxed": text,
                "amount_tax": "0.00",
                "amount_total": text,
                "lines": [{"description": "Work", "amount": text, "commitment_line_id": "1"}],
                **(more or {}),
            },
        )

    def void_bill(self, external_id):
        self.void("supplier_invoice", external_id)

    def change(self, fact, amount=300):
        text = f"{amount}.00"
        line = {
            "line_id": "A",
            "description": "More",
            "cost_code": CODES[0],
            "cost_type": "material",
            "commitment": f"C-{self.name}",
            "commitment_line_id": "1",
            "cost_amount": text,
            "revenue_amount": text,
        }
        status = {"cost_status": "executed"} if fact == "executed" else {}
        self.tell(
            f"change_order.{fact}",
            "X",
            {
                "number": "CO-1",
                "title": "More",
                "job": self.name,
                "stage": "final",
                "date": "2026-03-10",
                "currency": self.case.company.currency_id.name,
                "lines": [line],
                **status,
            },
        )

    def cost(self, external_id, amount):
        line = self.case.cost_line(amount=f"{amount}.00", cost_type="other")
        data = self.case.direct_cost_data(
            lines=[line], job=self.name, vendor=f"V-{self.name}", kind="permit",
            number=f"{external_id}-{self.name}",
        )  # fmt: skip
        self.tell("direct_cost.approved", external_id, data)

    def void_cost(self, external_id):
        self.void("direct_cost", external_id)

    def budget(self, external_id, amount):
        self.tell(
            "budget_change.approved",
            external_id,
            {
                "job": self.name,
                "number": f"{external_id}-{self.name}",
                "kind": "revision",
                "date": "2026-03-08",
                "currency": self.case.company.currency_id.name,
                "reason": "more",
                "lines": [
                    {
                        "cost_code": CODES[0],
                        "cost_type": "material",
                        "amount": f"{amount}.00",
                    }
                ],
            },
        )

    def void_budget(self, external_id):
        self.void("budget_change", external_id)

    # ---------------------------------------------------------------- books
    def books(self):
        self.case.env.flush_all()
        self.case.env.invalidate_all()
        return {
            "ledger": self.ledger(),
            "vendor": self.owed(),
            "cells": self.cells(),
            "commitment": self.commitment(),
        }

    def ledger(self):
        """{(account, cost code, cost type, month): balance} of the job."""
        lines = self.case.env["account.move.line"].search(
            [
                ("parent_state", "=", "posted"),
                ("distribution_analytic_account_ids", "in", self.job.account_id.ids),
            ]
        )
        read = self.case.env["construction.coding"]._read_distribution(
            [line.analytic_distribution for line in lines]
        )
        sums = Counter()
        for line, entry in zip(lines, read, strict=True):
            key = (line.account_id.code, entry["cost_code"].code, entry["cost_type"].name)
            sums[*key, line.date.strftime("%Y-%m")] += round(line.balance * 100)
        return {key: cents for key, cents in sums.items() if cents}

    def owed(self):
        """{account: balance} of the vendor."""
        lines = self.case.env["account.move.line"].search(
            [("parent_state", "=", "posted"), ("partner_id", "=", self.vendor.id),
             ("account_id.account_type", "not like", "expense%")]
        )  # fmt: skip
        sums = Counter()
        for line in lines:
            sums[line.account_id.code] += round(line.balance * 100)
        return {code: cents for code, cents in sums.items() if cents}

    def cells(self):
        found = self.case.env["construction.job.cost"]._positions(self.job)
        names = {
            (code.id, kind.id): (code.code, kind.name)
            for code in self.case.env["construction.cost.code"].search([])
            for kind in self.case.env["construction.cost.type"].search([])
        }
        cells = {
            names[key[1], key[2]]: {name: float(v) for name, v in position.items() if v}
            for key, position in found.items()
        }
        return {key: cell for key, cell in cells.items() if cell}

    def commitment(self):
        order = self.case.bound("commitment", f"C-{self.name}")
        if not order or order.state == "cancel":
            return None
        names = ("state", "closed_state", "original_amount", "approved_change_amount",
                 "pending_change_amount", "revised_amount", "received_amount", "billed_amount",
                 "open_amount")  # fmt: skip
        lines = [
            (line.name, line.price_subtotal, line.qty_received, line.qty_invoiced)
            for line in order.order_line
        ]
        return [order[name] for name in names] + lines
