from odoo import models

from ..lib import matching, money


class PurchaseOrderLineMatch(models.Model):
    _inherit = "purchase.order.line"

    def _match_figures(self, receipt, before, amount, quantity):
        """`lib.matching.Line` of a bill of this order line.

        :param before: (amount, quantity) billed before
        """
        digits = self.currency_id.decimal_places
        places, unit = money.QUANTITY_DECIMALS, self.sov_method == "unit"
        price = money.from_float(self.price_unit_discounted, money.PRICE_DECIMALS)
        received = money.from_float(self.qty_received, places)
        return matching.Line(
            ordered=money.from_float(self.price_subtotal, digits),
            billed_before=before[0],
            this_bill=amount,
            received=money.round_half_up(received * price, digits),
            unit=unit,
            receipt=receipt,
            price=price,
            ordered_quantity=money.from_float(self.product_qty, places),
            received_quantity=received,
            billed_quantity=before[1],
            this_quantity=quantity,
        )
