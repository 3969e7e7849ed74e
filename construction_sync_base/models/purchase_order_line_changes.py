from decimal import Decimal

from odoo import fields, models
from odoo.exceptions import UserError

from ..lib import money


class PurchaseOrderLineChanges(models.Model):
    """What executed change orders added to a line of the schedule of values."""

    _inherit = "purchase.order.line"

    change_line_ids = fields.One2many(
        "construction.change.order.line", "applied_order_line_id", string="Executed changes"
    )

    def _executed_quantity(self):
        """Quantity that executed change orders added, as Decimal."""
        self.ensure_one()
        return sum(
            (
                money.from_float(line.applied_quantity, money.QUANTITY_DECIMALS)
                for line in self.change_line_ids
            ),
            Decimal(0),
        )

    def _with_executed_changes(self, values):
        """Values of the original line, raised by what executed change orders added to it.

        :raises UserError: the price would change under the quantities that were added at it
        """
        added = self._executed_quantity()
        if not added:
            return values
        method = values.get("sov_method", self.sov_method)
        if values["price_unit"] != self.price_unit or method != self.sov_method:
            raise UserError(
                self.env._(
                    "“%(line)s”: change orders added %(added)s at a price of %(price)s, which "
                    "cannot become %(new)s. Undo them first, or make another line.",
                    line=self.name,
                    added=added,
                    price=self.price_unit,
                    new=values["price_unit"],
                )
            )
        quantity = money.from_float(values["product_qty"], money.QUANTITY_DECIMALS) + added
        return values | {"product_qty": money.to_float(quantity, money.QUANTITY_DECIMALS)}
