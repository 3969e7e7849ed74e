from odoo import models

from ..lib import money
from .construction_bill_deduction import ADVANCE
from .construction_resolver import coding_of

COSTS = ("back_charge", "liquidated_damages", "discount", "other")
TAXED = ("back_charge", "discount")
ACCOUNTS = {ADVANCE: "advance_account_id", "withholding": "withholding_account_id"}


class ConstructionInvoiceDeductions(models.AbstractModel):
    """What an invoice deducts from itself: which account and code it goes to. What nothing
    says is asked, before anything is created."""

    _inherit = "construction.invoice.lines"

    def _invoice_plans(self, items, known):
        plans = super()._invoice_plans(items, known)
        codes = self._codes_of_deductions(plans)
        for plan in plans:
            plan["deductions"] = []
            rows = plan["item"].data.get("deductions") or ()
            for row, amount in zip(rows, plan["header"].deductions, strict=True):
                if amount and not plan["item"].blocked:
                    self._read_deduction(plan, row, amount, codes)
        self._check_advances([plan for plan in plans if not plan["item"].blocked])
        return [plan for plan in plans if not plan["item"].blocked]

    def _codes_of_deductions(self, plans):
        """{(job, code text): cost code} of what deductions name, in the list of every job that
        their invoice has lines of."""
        wanted = {
            (line["job"], coding_of(row["cost_code"]))
            for plan in plans
            for row in plan["item"].data.get("deductions") or ()
            if row.get("cost_code")
            for line in plan["lines"]
            if line.get("job")
        }
        if not wanted:
            return {}
        platform_id = plans[0]["item"].platform_id
        return self._code_records(platform_id, wanted, "cost_code", "construction.cost.code")

    def _read_deduction(self, plan, row, amount, codes):
        kind = row["kind"]
        if plan["kind"] != "invoice" or (kind in TAXED and plan["header"].tax):
            self._ask_for_credit(plan, amount, kind)
        elif kind in ACCOUNTS:
            job = next((line["job"] for line in plan["lines"] if line.get("job")), None)
            account_id = self.env["construction.account.map"]._other_account_id(
                plan["company"], ACCOUNTS[kind], job=job
            )
            if account_id:
                self._add_deduction(plan, row, amount, account_id, False)
            else:
                self._ask_for_account(plan, kind)
        elif row.get("cost_code"):
            self._deduct_from_code(plan, row, amount, codes)
        elif kind == "other":
            self._ask_for_credit(plan, amount, kind)
        else:
            self._deduct_from_lines(plan, row, amount)

    def _coded_lines(self, plan):
        return [line for line in plan["lines"] if line["values"].get("analytic_distribution")]

    def _deduct_from_code(self, plan, row, amount, codes):
        """Of the code that bore the work, on the job whose lines have it: on the account and
        type of its first line. An invoice of one job may name a code that none of its lines
        has; of several jobs nothing says then which one is meant."""
        lines, text = self._coded_lines(plan), coding_of(row["cost_code"])
        read = self.env["construction.coding"]._read_distribution(
            [line["values"]["analytic_distribution"] for line in lines]
        )
        pairs = list(zip(lines, read, strict=True))
        own = [
            (line, entry)
            for line, entry in pairs
            if entry["cost_code"] and entry["cost_code"] == codes.get((line["job"], text))
        ]
        jobs = {line["job"] for line, _entry in own or pairs}
        if not jobs:
            self._ask_for_credit(plan, amount, row["kind"])
        elif len(jobs) > 1:
            self._ask_for_job(plan, amount, row, jobs)
        else:
            (job,) = jobs
            code = self._code_or_park(
                plan["item"],
                job,
                text,
                codes.get((job, text)),
                "cost_code",
                self.env._("Cost code"),
            )
            if code:
                line, entry = (own or pairs)[0]
                key = self.env["construction.coding"]._distribution(job, code, entry["cost_type"])
                self._add_deduction(plan, row, amount, line["values"]["account_id"], key)

    def _deduct_from_lines(self, plan, row, amount):
        """Without a code: of what the invoice bills, by its amounts. A line that lowers the
        invoice bears none of it, so that the shares come to the deduction."""
        lines = [line for line in self._coded_lines(plan) if line["amount"] > 0]
        if not lines:
            self._ask_for_credit(plan, amount, row["kind"])
            return
        shares = money.spread(amount, [line["amount"] for line in lines], plan["digits"])
        for line, share in zip(lines, shares, strict=True):
            if share:
                values = line["values"]
                self._add_deduction(
                    plan, row, share, values["account_id"], values["analytic_distribution"]
                )

    def _add_deduction(self, plan, row, amount, account_id, distribution):
        plan["deductions"].append(
            {
                "kind": row["kind"],
                "name": row.get("reference") or self._kind_label(row["kind"]),
                "amount": money.to_float(amount, plan["digits"]),
                "account_id": account_id,
                "analytic_distribution": distribution,
            }
        )

    def _kind_label(self, kind):
        kinds = self.env["construction.bill.deduction"]._fields["kind"]
        return dict(kinds._description_selection(self.env))[kind]

    # --------------------------------------------------------------- questions
    def _ask_for_credit(self, plan, amount, kind):
        plan["item"].park(
            "matching",
            self.env._(
                "The invoice deducts %(amount)s (%(kind)s), and nothing says what of it is cost "
                "of which code, and what is tax.",
                amount=self._shown(plan, amount),
                kind=self._kind_label(kind),
            ),
            amount=amount,
            currency_id=plan["currency"].id,
            suggestion=self.env._(
                "The platform sends the invoice without this deduction, and it as a credit note."
            ),
        )

    def _ask_for_job(self, plan, amount, row, jobs):
        plan["item"].park(
            "matching",
            self.env._(
                "The invoice deducts %(amount)s (%(kind)s) of cost code “%(code)s”, and nothing "
                "says on which of its jobs: %(jobs)s.",
                amount=self._shown(plan, amount),
                kind=self._kind_label(row["kind"]),
                code=coding_of(row["cost_code"]),
                jobs=", ".join(sorted(job.display_name for job in jobs)),
            ),
            amount=amount,
            currency_id=plan["currency"].id,
            suggestion=self.env._(
                "The platform sends the invoice without this deduction, and it as a credit note "
                "that names the job."
            ),
        )

    def _ask_for_account(self, plan, kind):
        plan["item"].park(
            "unmapped_reference",
            self.env._(
                "The account map of %(company)s has no account for %(what)s.",
                company=plan["company"].name,
                what=self._kind_label(kind),
            ),
            wait=f"{ACCOUNTS[kind]}|{plan['company'].id}",
            suggestion=self.env._("Finance adds it to the account map."),
        )

    def _check_advances(self, plans):
        """An advance is recovered where one was paid, and no more than is left of it after what
        drafts and the plans before in the batch recover. A newer version takes the place of
        its own bill."""
        wanted = {}
        for plan in plans:
            rows = [row for row in plan["deductions"] if row["kind"] == ADVANCE]
            if rows:
                vendor = plan["vendor"].commercial_partner_id
                place = (plan["company"], vendor, plan["currency"])
                key = (*(record.id for record in place), rows[0]["account_id"])
                amounts = [money.from_float(row["amount"], plan["digits"]) for row in rows]
                wanted[plan["item"].id] = (key, sum(amounts))
        if not wanted:
            return
        Deduction = self.env["construction.bill.deduction"]
        vendors = self.env["res.partner"].browse({key[1] for key, _amount in wanted.values()})
        left = Deduction._advances(vendors, {key[3] for key, _amount in wanted.values()})
        for plan in plans:
            if plan["item"].id not in wanted:
                continue
            key, amount = wanted[plan["item"].id]
            own = plan["bill"].sudo().filtered(lambda bill: bill.state in ("draft", "posted"))
            own = own.deduction_ids.filtered(
                lambda row, key=key: row.kind == ADVANCE and row._advance_key() == key
            )
            available = left[key] + sum(row._exact() for row in own)
            if amount > available:
                self._ask_for_advance(plan, amount, available)
            else:
                left[key] = available - amount

    def _ask_for_advance(self, plan, wanted, left):
        plan["item"].park(
            "matching",
            self.env._(
                "The invoice recovers %(wanted)s of an advance, %(left)s is left of what the "
                "vendor was advanced.",
                wanted=self._shown(plan, wanted),
                left=self._shown(plan, left),
            ),
            amount=wanted - left,
            currency_id=plan["currency"].id,
            wait=f"advance|{plan['vendor'].commercial_partner_id.id}",
            suggestion=self.env._("Post the prepayment first, or have the invoice corrected."),
        )
