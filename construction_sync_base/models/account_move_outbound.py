from collections import defaultdict
from decimal import Decimal

from odoo import models

from ..lib import money
from .account_move_retention import BILLS
from .construction_coding import COST_ACCOUNTS

BILL = "construction.supplier_invoice.posted.v1"
COST = "construction.job_cost.posted.v1"
REVERSED = "construction.document.reversed.v1"


class AccountMoveOutbound(models.Model):
    """Subscribers are told of bills of jobs, of what took a posted document back, and of every
    cost that reached a job."""

    _inherit = "account.move"

    def _post(self, soft=True):
        posted = super()._post(soft=soft)
        outbox = self.env["construction.outbox"]
        if outbox._awaited(BILL):
            bills = posted.filtered(lambda m: m.move_type in BILLS and m._is_of_job())
            outbox._touch(BILL, bills)
        if outbox._awaited(REVERSED):
            outbox._touch(REVERSED, posted.reversed_entry_id.filtered(lambda m: m._is_of_job()))
        if outbox._awaited(COST):
            outbox._touch(COST, posted.filtered(lambda m: m._cost_items()))
        return posted

    def _is_of_job(self):
        return bool(self.from_platform or self.construction_job_id)

    def _cost_items(self):
        """Items that book cost of jobs."""
        return self.line_ids.filtered(
            lambda item: (
                item.analytic_distribution and item.account_id.account_type in COST_ACCOUNTS
            )
        )

    def _outbound_facts(self, event_type, detail):
        made = {BILL: self._bill_facts, REVERSED: self._reversed_facts, COST: self._cost_facts}
        if event_type not in made:
            return super()._outbound_facts(event_type, detail)
        return made[event_type]()

    def _bill_facts(self):
        outbox = self.env["construction.outbox"]
        facts = []
        for bill in self.filtered(lambda bill: bill.state == "posted"):
            currency, sign = bill.currency_id, -1 if bill.move_type == "in_refund" else 1
            payable = bill.amount_total - bill.retention_amount - bill.deduction_total
            data = {
                "number": bill.name,
                "external_number": bill.ref or "",
                "kind": "credit_note" if sign < 0 else "invoice",
                "currency": currency.name,
                "accounting_date": str(bill.date),
                "amount_untaxed": outbox._amount(bill.amount_untaxed, currency),
                "amount_tax": outbox._amount(bill.amount_tax, currency),
                "amount_total": outbox._amount(bill.amount_total, currency),
                "retention_amount": outbox._amount(bill.retention_amount, currency),
                "retention_released": outbox._amount(bill.retention_released_amount, currency),
                "deductions": outbox._amount(bill.deduction_total, currency),
                "amount_payable": outbox._amount(
                    payable + bill.retention_released_amount, currency
                ),
                "due_on": str(bill.invoice_date_due or bill.date),
            }
            facts.append(
                outbox._fact(
                    BILL, "supplier_invoice", bill, bill.construction_job_id, data,
                    number=bill.name,
                )
            )  # fmt: skip
        return facts

    def _reversed_facts(self):
        outbox = self.env["construction.outbox"]
        facts = []
        for move in self:
            back = move.reversal_move_ids.filtered(lambda m: m.state == "posted").sorted("id")[-1:]
            if not back:
                continue
            data = {
                "number": back.name,
                "accounting_date": str(back.date),
                "reason": back.job_cost_reason or back.ref or "",
            }
            facts.append(
                outbox._fact(
                    REVERSED, "document", move, move.construction_job_id, data, number=move.name
                )
            )
        return facts

    # ------------------------------------------------------------- job cost
    def _cost_facts(self):
        """One fact for each job that an entry costs something: by cost code and cost type, and
        by commitment, so that nobody counts what is committed already a second time."""
        outbox = self.env["construction.outbox"]
        posted = self.filtered(lambda move: move.state == "posted")
        items = posted._cost_items()
        read = self.env["construction.coding"]._read_distribution(
            items.mapped("analytic_distribution")
        )
        lines = defaultdict(lambda: defaultdict(Decimal))
        for item, coding in zip(items, read, strict=True):
            place = (coding["cost_code"], coding["cost_type"], item.purchase_order_id)
            digits = item.company_currency_id.decimal_places
            lines[item.move_id, coding["job"]][place] += money.from_float(item.balance, digits)
        to_date = self._cost_to_date({job for _move, job in lines})
        facts = []
        for (move, job), rows in lines.items():
            currency, source = move.company_currency_id, move._cost_source()
            data = {
                "month": f"{move.date:%Y-%m}",
                "currency": currency.name,
                "accounting_date": str(move.date),
                "lines": [
                    {
                        "cost_code": code.code,
                        "cost_type": cost_type.code,
                        "amount": f"{amount:f}",
                        "source": source,
                    }
                    | ({"commitment": _number(order)} if order else {})
                    for (code, cost_type, order), amount in rows.items()
                ],
                "cost_to_date": f"{to_date[job]:f}",
            }
            fact = outbox._fact(COST, "job_cost", move, job, data, number=move.name)
            facts.append(fact | {"subject": f"job_cost/{job.id}"})
        return facts

    def _cost_source(self):
        if self.move_type in BILLS:
            return "bill"
        accruals = self.env["construction.accrual"].sudo()
        if accruals.search_count(
            ["|", ("move_id", "=", self.id), ("reversal_id", "=", self.id)], limit=1
        ):
            return "accrual"
        return "other"

    def _cost_to_date(self, jobs):
        """{job: Decimal} of all that is posted, by the cost report's own figures."""
        rows = self.env["construction.job.cost.entry"].sudo()._read_group(
            [("job_id", "in", [job.id for job in jobs])], ["job_id"], ["amount:sum"]
        )  # fmt: skip
        found = {
            job: money.from_float(amount, job.company_id.currency_id.decimal_places)
            for job, amount in rows
        }
        return {job: found.get(job, Decimal(0)) for job in jobs}


def _number(order):
    return order.commitment_number or order.name
