from decimal import Decimal

from odoo import models

from ..lib import money
from .construction_resolver import coding_of

COSTS = ("back_charge", "liquidated_damages", "discount", "other")
TAXED = ("back_charge", "discount")
ACCOUNTS = {"advance_recovery": "advance_account_id", "withholding": "withholding_account_id"}


class ConstructionInvoiceDeductions(models.AbstractModel):
    """What an invoice deducts from itself: which account and code it goes to. What nothing
    says is asked, before anything is created."""

    _inherit = "construction.invoice.lines"

    def _invoice_plans(self, items, known):
        plans = super()._invoice_plans(items, known)
        rows = []
        for plan in plans:
            plan["deductions"] = []
            for row in plan["item"].data.get("deductions") or ():
                job = next((line["job"] for line in plan["lines"] if line.get("job")), None)
                rows.append((plan, row, job))
        codes = self._cost_codes(
            [(p["item"], job, coding_of(row["cost_code"])) for p, row, job in rows
             if job and row.get("cost_code")]
        )  # fmt: skip
        for number, (plan, row, job) in enumerate(rows, start=1):
            if not plan["item"].blocked:
                code = codes.get((plan["item"].id, coding_of(row.get("cost_code"))))
                self._read_deduction(plan, row, job, code, number)
        for plan in plans:
            self._check_advance(plan)
        return [plan for plan in plans if not plan["item"].blocked]

    def _read_deduction(self, plan, row, job, code, number):
        item, kind = plan["item"], row["kind"]
        path = f"deductions[{number}].amount"
        amount = self._number(item, money.parse_amount, row["amount"], path, plan["digits"])
        if not amount:
            return
        if plan["kind"] != "invoice" or (kind in TAXED and plan["header"].tax):
            self._ask_for_credit(plan, amount, kind)
        elif kind in ACCOUNTS:
            account_id = self.env["construction.account.map"]._other_account_id(
                plan["company"], ACCOUNTS[kind], job=job
            )
            if account_id:
                self._add_deduction(plan, row, amount, account_id, False)
            else:
                self._ask_for_account(plan, kind)
        elif code:
            self._deduct_from_code(plan, row, amount, job, code)
        elif kind == "other":
            self._ask_for_credit(plan, amount, kind)
        else:
            self._deduct_from_lines(plan, row, amount)

    def _deduct_from_code(self, plan, row, amount, job, code):
        """Of the code that bore the work: on the account and type of the invoice's own line of
        that code, else of its first line."""
        lines = [line for line in plan["lines"] if line["values"].get("analytic_distribution")]
        read = self.env["construction.coding"]._read_distribution(
            [line["values"]["analytic_distribution"] for line in lines]
        )
        pairs = list(zip(lines, read, strict=True))
        own = [pair for pair in pairs if pair[1]["cost_code"] == code]
        if not pairs:
            self._ask_for_credit(plan, amount, row["kind"])
            return
        line, entry = (own or pairs)[0]
        key = self.env["construction.coding"]._distribution(job, code, entry["cost_type"])
        self._add_deduction(plan, row, amount, line["values"]["account_id"], key)

    def _deduct_from_lines(self, plan, row, amount):
        """Without a code: of what the invoice bills, by its amounts."""
        lines = [line for line in plan["lines"] if line["values"].get("analytic_distribution")]
        weights = [line["amount"] for line in lines]
        if not sum(weights, Decimal(0)):
            self._ask_for_credit(plan, amount, row["kind"])
            return
        shares = money.spread(amount, weights, plan["digits"])
        for line, share in zip(lines, shares, strict=True):
            if share > 0:
                values = line["values"]
                self._add_deduction(
                    plan, row, share, values["account_id"], values["analytic_distribution"]
                )

    def _add_deduction(self, plan, row, amount, account_id, distribution):
        kinds = self.env["construction.bill.deduction"]._fields["kind"]
        label = dict(kinds._description_selection(self.env))[row["kind"]]
        plan["deductions"].append(
            {
                "kind": row["kind"],
                "name": row.get("reference") or label,
                "amount": money.to_float(amount, plan["digits"]),
                "account_id": account_id,
                "analytic_distribution": distribution,
            }
        )

    # --------------------------------------------------------------- questions
    def _ask_for_credit(self, plan, amount, kind):
        plan["item"].park(
            "matching",
            self.env._(
                "The invoice deducts %(amount)s (%(kind)s), and nothing says what of it is cost "
                "of which code, and what is tax.",
                amount=amount,
                kind=kind,
            ),
            amount=amount,
            currency_id=plan["currency"].id,
            suggestion=self.env._(
                "The platform sends the invoice without this deduction, and it as a credit note."
            ),
        )

    def _ask_for_account(self, plan, kind):
        plan["item"].park(
            "unmapped_reference",
            self.env._(
                "The account map of %(company)s has no account for %(what)s.",
                company=plan["company"].name,
                what=kind.replace("_", " "),
            ),
            wait=f"{ACCOUNTS[kind]}|{plan['company'].id}",
            suggestion=self.env._("Finance adds it to the account map."),
        )

    def _check_advance(self, plan):
        """An advance is recovered where one was paid, and no more than is left of it."""
        wanted = sum(
            (
                money.from_float(row["amount"], plan["digits"])
                for row in plan["deductions"]
                if row["kind"] == "advance_recovery"
            ),
            Decimal(0),
        )
        if not wanted:
            return
        account_ids = {
            row["account_id"] for row in plan["deductions"] if row["kind"] == "advance_recovery"
        }
        ((left,),) = (
            self.env["account.move.line"]
            .sudo()
            ._read_group(
                [
                    ("account_id", "in", list(account_ids)),
                    ("company_id", "=", plan["company"].id),
                    ("parent_state", "=", "posted"),
                    ("partner_id.commercial_partner_id", "=",
                     plan["vendor"].commercial_partner_id.id),
                    ("currency_id", "=", plan["currency"].id),
                ],
                [],
                ["amount_currency:sum"],
            )
        )  # fmt: skip
        left = money.from_float(left or 0.0, plan["digits"])
        if wanted > left:
            plan["item"].park(
                "matching",
                self.env._(
                    "The invoice recovers %(wanted)s of an advance, %(left)s is left of what the "
                    "vendor was advanced.",
                    wanted=wanted,
                    left=left,
                ),
                amount=wanted - left,
                currency_id=plan["currency"].id,
                wait=f"advance|{plan['vendor'].id}",
                suggestion=self.env._("Post the prepayment first, or have the invoice corrected."),
            )
