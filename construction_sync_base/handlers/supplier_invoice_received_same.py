from collections import Counter

from odoo import models

from ..lib import money


class SupplierInvoiceReceivedSame(models.AbstractModel):
    """Whether a newer version of a posted invoice says anything else than what is posted."""

    _inherit = "construction.handler.supplier.invoice.received"

    def _says_the_same(self, plan, bill):
        """Whether a posted document needs nothing: kind, number, vendor, day, totals, retention
        held and released, and what each account and coding bears are the same."""
        released = money.from_float(bill.retention_released_amount, plan["digits"])
        return (
            bill.move_type == plan["values"]["move_type"]
            and bill.ref == plan["values"]["ref"]
            and not self._has_another_rate(plan, bill)
            and bill.partner_id == plan["vendor"]
            and str(bill.invoice_date) == plan["item"].data["date"]
            and money.from_float(bill.retention_amount, plan["digits"]) == plan["retention"]
            and released == plan["header"].released
            and self._deducted(bill.deduction_ids) == self._deducted(plan.get("deductions", ()))
            and self._posted_amounts(plan, bill) == self._wanted_amounts(plan)
        )

    def _has_another_rate(self, plan, bill):
        rate = plan["values"].get("invoice_currency_rate")
        return bool(rate) and abs(rate - bill.invoice_currency_rate) > 1e-9

    def _deducted(self, rows):
        """What is deducted of which account and code, for comparison."""
        return sorted(
            (
                row["kind"],
                f"{row['amount']:.3f}",
                row["account_id"] if isinstance(row, dict) else row.account_id.id,
                *(row["analytic_distribution"] or ()),
            )
            for row in rows
        )

    def _wanted_amounts(self, plan):
        """({(account, coding, order line): amount}, total) as the event has them."""
        totals = Counter()
        for values in self._line_values_of(plan):
            key = next(iter(values.get("analytic_distribution") or {}), None)
            if key:
                place = (values["account_id"], key, values.get("purchase_line_id") or False)
                totals[place] += self._line_amount(plan, values)
        return totals, plan["header"].total

    def _posted_amounts(self, plan, move):
        """The same of a posted document."""
        totals, sign = Counter(), -1 if move.move_type == "in_refund" else 1
        for line in move.line_ids.filtered("analytic_distribution"):
            if line.tax_repartition_line_id:
                continue
            key = next(iter(line.analytic_distribution), None)
            place = (line.account_id.id, key, line.purchase_line_id.id)
            totals[place] += sign * money.from_float(line.amount_currency, plan["digits"])
        return totals, money.from_float(move.amount_total, plan["digits"])

    def _line_amount(self, plan, values):
        """Of one line, without tax, as Odoo will compute it."""
        discount = 1 - (values.get("discount") or 0.0) / 100
        return money.from_float(
            values["price_unit"] * values["quantity"] * discount, plan["digits"]
        )
