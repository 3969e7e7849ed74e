from decimal import Decimal

from odoo import fields, models

from ..lib import matching, money


class AccountMoveLineMatch(models.Model):
    _inherit = "account.move.line"

    is_tax_cost = fields.Boolean(
        string="Tax that is cost",
        readonly=True,
        help="Tax that cannot be recovered and has no tax record of its own: cost of the job, "
        "no part of what the order line is billed.",
    )

    def _billed_of_order(self):
        """(amount, quantity) of this line in the currency and unit of its order line, as
        Decimal; a credit is negative."""
        order_line = self.purchase_line_id
        order = order_line.order_id
        digits = order.currency_id.decimal_places
        if self.currency_id == order.currency_id:
            amount = money.from_float(self.amount_currency, digits)
        else:
            rate = Decimal(str(order.currency_rate or 1))
            places = self.company_currency_id.decimal_places
            amount = money.round_half_up(money.from_float(self.balance, places) * rate, digits)
        quantity = self.quantity
        if self.product_uom_id and self.product_uom_id != order_line.product_uom_id:
            quantity = self.product_uom_id._compute_quantity(
                quantity, order_line.product_uom_id, round=False
            )
        sign = -1 if self.move_id.move_type == "in_refund" else 1
        return amount, sign * money.from_float(quantity, money.QUANTITY_DECIMALS)

    def _match(self, tolerances, before):
        """(`lib.matching.Line` or None, `lib.matching.Result`) of this line; `before` gets what
        it bills, for the next bill of the same order line."""
        order_line = self.purchase_line_id.sudo()
        digits = self.currency_id.decimal_places
        if not order_line:
            tolerance, _receipt = tolerances["direct"]
            return None, matching.unordered(
                money.from_float(self.amount_currency, digits), tolerance
            )
        tolerance, receipt = tolerances[order_line.sov_method]
        amount, quantity = self.sudo()._billed_of_order()
        entry = before[self.purchase_line_id]
        figures = order_line._match_figures(receipt, entry, amount, quantity)
        entry[0] += amount
        entry[1] += quantity
        return figures, matching.match(figures, tolerance, order_line.currency_id.decimal_places)

    def _match_values(self, figures, result):
        """Values of `construction.match.line`."""
        currency = self.purchase_line_id.sudo().currency_id or self.currency_id
        digits = currency.decimal_places
        names = (
            "ordered",
            "received",
            "billed_before",
            "this_bill",
            "remaining",
            "tolerance",
            "over",
        )
        values = {name: money.to_float(getattr(result, name), digits) for name in names}
        if figures:
            places = money.QUANTITY_DECIMALS
            values |= {
                "ordered_quantity": money.to_float(figures.ordered_quantity, places),
                "received_quantity": money.to_float(figures.received_quantity, places),
                "billed_quantity": money.to_float(figures.billed_quantity, places),
                "this_quantity": money.to_float(figures.this_quantity, places),
                "ordered_price": money.to_float(figures.price, money.PRICE_DECIMALS),
                "billed_price": self.price_unit,
            }
        return values | {
            "move_id": self.move_id.id,
            "move_line_id": self.id,
            "purchase_line_id": self.purchase_line_id.id,
            "company_id": self.company_id.id,
            "currency_id": currency.id,
            "line_name": self.name or "",
            "method": result.method,
            "verdict": result.verdict,
            "reason": self._match_reason(result.faults),
            "faults": ",".join(result.faults) or False,
        }

    def _match_reason(self, faults):
        texts = {
            matching.AMOUNT: self.env._("more than ordered"),
            matching.QUANTITY: self.env._("more units than ordered"),
            matching.PRICE: self.env._("a higher price than agreed"),
            matching.RECEIPT: self.env._("more than received"),
            matching.CREDIT: self.env._("a credit of more than was billed"),
            matching.UNORDERED: self.env._("no order"),
        }
        return ", ".join(texts[check] for check in faults) or False
