from dataclasses import dataclass, field
from decimal import Decimal

from odoo import models
from odoo.exceptions import UserError

from ..lib import money, sov
from ..lib.errors import AmountError


@dataclass(slots=True)
class Movement:
    """What one line of a change order moves of a commitment now.

    :param target: the order line; empty for a new one
    :param quantity: Decimal, by which its quantity goes up
    :param amount: Decimal, by which its amount does
    :param values: what else of the line changes
    """

    line: object
    target: object
    quantity: Decimal
    amount: Decimal
    values: dict = field(default_factory=dict)


class ConstructionChangeOrderLine(models.Model):
    """What of a commitment has to move so that a line of a change order is in it, or is not."""

    _inherit = "construction.change.order.line"

    def _movements(self, executed):
        """[(order, `Movement`)] from what was applied to what should be.

        :raises UserError: the line says nothing that its commitment line could take
        """
        self.ensure_one()
        digits = self.currency_id.decimal_places
        done = self.applied_order_line_id
        applied = money.from_float(self.applied_quantity, money.QUANTITY_DECIMALS)
        amount = money.from_float(self.applied_amount, digits)
        wanted = self._target() if executed and self.order_id else None
        if wanted and wanted.target == done:
            wanted.quantity -= applied
            wanted.amount -= amount
            moved = wanted.quantity or wanted.amount or wanted.values
            return [(self.order_id, wanted)] if moved else []
        found = []
        if applied or amount:
            found.append((done.order_id, Movement(self, done, -applied, -amount)))
        if wanted and (wanted.quantity or wanted.amount):
            found.append((self.order_id, wanted))
        return found

    def _target(self):
        """The `Movement` from nothing to all of this line."""
        digits = self.currency_id.decimal_places
        cost = money.from_float(self.cost_amount, digits)
        quantity = money.from_float(self.quantity_delta, money.QUANTITY_DECIMALS)
        price = money.from_float(self.unit_cost, money.PRICE_DECIMALS)
        target = self.order_line_id
        if target:
            if target.sov_method == sov.AMOUNT:
                return Movement(self, target, cost, cost)
            self._check_unit(target, quantity, price)
            return Movement(self, target, quantity, cost)
        try:
            method = sov.line_method(None, quantity, price or None, cost, digits)
        except AmountError as error:
            raise UserError(
                self.env._(
                    "“%(line)s”: %(what)s",
                    line=self.name,
                    what=self.env._(error.text, **error.values),
                )
            ) from error
        if method == sov.AMOUNT:
            quantity, price = cost, Decimal(1)
        own = self.applied_order_line_id
        own = own if own.order_id == self.order_id else own.browse()
        return Movement(self, own, quantity, cost, self._own_values(own, method, price))

    def _check_unit(self, target, quantity, price):
        """A line by unit takes a quantity at its own price; another price is another line."""
        ordered = money.from_float(target.price_unit, money.PRICE_DECIMALS)
        if not quantity or (price and price != ordered):
            raise UserError(
                self.env._(
                    "“%(line)s” is ordered by unit at %(price)s: give the quantity at that "
                    "price, or leave the commitment line empty for a line of its own.",
                    line=target.name,
                    price=target.price_unit,
                )
            )

    def _own_values(self, own, method, price):
        """What has to change of the line that this one made before; {} for a new one."""
        if not own:
            return {}
        values = {"sov_method": method, "price_unit": money.to_float(price, 8)}
        same = own.sov_method == method and (
            money.from_float(own.price_unit, money.PRICE_DECIMALS) == price
        )
        return {} if same else values | {"technical_price_unit": values["price_unit"]}

    def _in_company_currency(self, amount):
        """An amount of this line at the rate of the document's day, as Decimal."""
        digits = self.currency_id.decimal_places
        number = money.from_float(amount, digits)
        if self.currency_id == self.company_currency_id:
            return number
        rate = Decimal(repr(self.change_id.currency_rate or 1.0))
        return money.round_half_up(
            money.EXACT.divide(number, rate), self.company_currency_id.decimal_places
        )

    def _note_applied(self, movement):
        """Keep what is in the commitment of this line now."""
        self.ensure_one()
        digits = self.currency_id.decimal_places
        quantity = money.from_float(self.applied_quantity, money.QUANTITY_DECIMALS)
        amount = money.from_float(self.applied_amount, digits)
        same = self.applied_order_line_id in (movement.target, movement.target.browse())
        self.write(
            {
                "applied_order_line_id": movement.target.id,
                "applied_quantity": money.to_float(
                    (quantity if same else 0) + movement.quantity, money.QUANTITY_DECIMALS
                ),
                "applied_amount": money.to_float((amount if same else 0) + movement.amount, digits),
            }
        )
