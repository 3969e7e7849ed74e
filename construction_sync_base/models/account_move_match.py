from collections import defaultdict
from decimal import Decimal

from odoo import fields, models
from odoo.tools import formatLang

from ..lib import matching, money
from .account_move_retention import BILLS
from .construction_coding import COST_ACCOUNTS
from .construction_match_line import VERDICTS

ZERO = Decimal(0)


class AccountMoveMatch(models.Model):
    """Bills of jobs compared with their orders, line by line. The rules are in
    `lib.matching`; here the figures are read, for any number of bills at a time."""

    _inherit = "account.move"

    match_line_ids = fields.One2many("construction.match.line", "move_id", readonly=True)
    match_verdict = fields.Selection(
        VERDICTS, string="Match", readonly=True, copy=False, index="btree_not_null"
    )
    match_over = fields.Monetary(string="Over the order", readonly=True, copy=False)
    matched_at = fields.Datetime(string="Matched", readonly=True, copy=False)
    match_reason = fields.Char(
        string="Reason to accept the difference",
        copy=False,
        tracking=True,
        help="Finance writes why the bill is right although it differs from the order.",
    )

    def action_match(self):
        """Compare again with the orders as they are now."""
        self.check_access("write")
        self.filtered("construction_job_id")._match_bills()
        return True

    def _match_bills(self):
        """Store the result of every line of these bills and the verdict of each bill."""
        bills = self.filtered(lambda move: move.move_type in BILLS)
        lines = bills._lines_to_match()
        before = self._billed_before(lines.purchase_line_id, bills)
        tolerances, rows, verdicts, overs = {}, [], defaultdict(list), defaultdict(Decimal)
        for line in lines:
            order_line = line.purchase_line_id.sudo()
            rate = order_line.order_id.currency_rate if order_line else 1
            key = (line.company_id, rate)
            if key not in tolerances:
                tolerances[key] = self.env["construction.match.policy"]._tolerances(
                    line.company_id, Decimal(str(rate or 1))
                )
            figures, result = line._match(tolerances[key], before)
            rows.append(line._match_values(figures, result))
            verdicts[line.move_id].append(result.verdict)
            if result.faults:
                overs[line.move_id] += result.over
        bills.sudo().match_line_ids.unlink()
        self.env["construction.match.line"].sudo().create(rows)
        now = fields.Datetime.now()
        for bill in bills._at_the_gate():
            digits = bill.currency_id.decimal_places
            over = money.round_half_up(overs[bill], digits)
            bill.write(
                {
                    "match_verdict": matching.worst(verdicts[bill]),
                    "match_over": money.to_float(over, digits),
                    "matched_at": now,
                }
            )

    def _lines_to_match(self):
        """Lines with an order line, and costs of a job without one."""
        return self.invoice_line_ids.filtered(
            lambda line: (
                line.display_type == "product"
                and not line.is_tax_cost
                and (
                    line.purchase_line_id
                    or (
                        line.analytic_distribution and line.account_id.account_type in COST_ACCOUNTS
                    )
                )
            )
        )

    def _billed_before(self, order_lines, bills):
        """{order line: [amount, quantity]} billed by other bills, in the order's currency and
        unit: posted ones, and submitted ones that wait. The bills in hand are left out, each
        is added once it was judged."""
        before = defaultdict(lambda: [ZERO, ZERO])
        if not order_lines:
            return before
        others = (
            self.env["account.move.line"]
            .sudo()
            .search_fetch(
                [
                    ("purchase_line_id", "in", order_lines.ids),
                    ("move_id", "not in", bills.ids),
                    ("display_type", "=", "product"),
                    "|",
                    ("parent_state", "=", "posted"),
                    ("move_id.release_state", "=", "to_release"),
                ],
                ["purchase_line_id", "amount_currency", "balance", "quantity", "currency_id",
                 "product_uom_id", "move_id"],
            )
        )  # fmt: skip
        for line in others:
            amount, quantity = line._billed_of_order()
            entry = before[line.purchase_line_id]
            entry[0] += amount
            entry[1] += quantity
        return before

    def _match_text(self):
        """The arithmetic of what differs, a sentence for each line, for people."""
        self.ensure_one()

        def told(amount):
            return formatLang(self.env, amount, currency_obj=self.currency_id)

        return "\n".join(
            self.env._(
                "“%(line)s”: %(reason)s. Ordered %(ordered)s, received %(received)s, billed before "
                "%(before)s, this bill %(this)s, tolerance %(tolerance)s: over by %(over)s.",
                line=row.line_name,
                reason=row.reason,
                ordered=told(row.ordered),
                received=told(row.received),
                before=told(row.billed_before),
                this=told(row.this_bill),
                tolerance=told(row.tolerance),
                over=told(row.over),
            )
            for row in self.sudo().match_line_ids
            if row.verdict != "match"
        )
