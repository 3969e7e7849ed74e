from decimal import Decimal

from odoo import api, fields, models

from ..lib import money
from .purchase_order import CONFIRMED

# calendar days that a price is for: Odoo's weeks and months count days of work, rent runs on
# Sundays too, and a month of it is four weeks
RENT_DAYS = {
    "uom.product_uom_day": 1,
    "construction_sync_base.uom_week": 7,
    "construction_sync_base.uom_month": 28,
}
COUNT_DECIMALS = 15
COUNT_TOLERANCE = 1e-9


class PurchaseOrderLineRent(models.Model):
    """What rented things cost for each day they stand on the job."""

    _inherit = "purchase.order.line"

    rent_count = fields.Float(
        string="On rent at a time",
        compute="_compute_rent_count",
        store=True,
        readonly=False,
        help="How many of it stand on the job: 6 months of 28 days in 84 days are two. One where "
        "the order has no last day. As ordered: a last day that moves on a confirmed order, such "
        "as by going off rent, makes it neither more nor fewer.",
    )
    day_rate = fields.Float(
        digits=(16, money.PRICE_DECIMALS),
        compute="_compute_day_rate",
        store=True,
        readonly=False,
        help="Rent of one day, both the first and the last one counted. From a price per day, "
        "week or month (28 days) and how many are on rent; else the line spread over the days of "
        "the order.",
    )

    @api.depends(
        "order_id.commitment_type", "order_id.start_on", "order_id.end_on", "sov_method",
        "product_qty", "product_uom_id",
    )  # fmt: skip
    def _compute_rent_count(self):
        days_of = self._rent_days_of()
        for line in self:
            per = days_of.get(line)
            if not per:
                line.rent_count = 0
            elif not (line.rent_count and line.order_id.state in CONFIRMED):
                line.rent_count = line._rent_ordered(per)

    @api.depends(
        "order_id.commitment_type", "order_id.start_on", "order_id.end_on", "price_unit",
        "price_subtotal", "product_uom_id", "rent_count",
    )  # fmt: skip
    def _compute_day_rate(self):
        days_of = self._rent_days_of()
        for line in self:
            if per := days_of.get(line):
                price = money.from_float(line.price_unit_discounted, money.PRICE_DECIMALS)
                count = money.from_float(line.rent_count, COUNT_DECIMALS)
                amount = money.EXACT.multiply(price, count)
            else:
                per = line._rent_term() if line in days_of else 0
                amount = money.from_float(line.price_subtotal, line.currency_id.decimal_places)
            rate = money.EXACT.divide(amount, Decimal(per)) if per else Decimal(0)
            line.day_rate = float(money.round_half_up(rate, money.PRICE_DECIMALS))

    def write(self, vals):
        """More of it in the days that it was ordered for are more on rent at a time. Where the
        days moved since, or somebody knew the number better, it stays: then the quantity may
        be that of a longer or shorter rent."""
        counted = self.browse()
        if "product_qty" in vals and "rent_count" not in vals:
            counted = self._counted_by_days()
        result = super().write(vals)
        for line, per in counted._rent_days_of().items():
            if per:
                line.rent_count = line._rent_ordered(per)
        return result

    def _counted_by_days(self):
        """Confirmed lines on rent whose number is what quantity and days of the order give."""
        confirmed = self.filtered(lambda line: line.order_id.state in CONFIRMED)
        return self.browse().union(
            *(
                line
                for line, per in confirmed._rent_days_of().items()
                if per and abs(line.rent_count - line._rent_ordered(per)) < COUNT_TOLERANCE
            )
        )

    def _rent_days_differ(self, data):
        """Whether a platform names other days of rent than the order keeps: what it then says
        of the quantity is longer or shorter, not more or less on rent at a time."""
        order = self.order_id
        return order.commitment_type == "rental" and any(
            data.get(name) and fields.Date.to_date(data[name]) != order[name]
            for name in ("start_on", "end_on")
        )

    def _rent_ordered(self, per):
        """How many are on rent at a time by quantity and days; one without a last day.

        :param per: days that the price is for
        """
        ordered = money.from_float(self.product_qty, money.QUANTITY_DECIMALS) * per
        days = self._rent_term()
        return float(money.EXACT.divide(ordered, Decimal(days))) if days else 1.0

    def _rent_days_of(self):
        """{line on rent: days that its price is for, 0 for a price of all of it}"""
        rented = self.filtered(
            lambda line: (
                line.order_id.commitment_type == "rental"
                and line.order_id.start_on
                and not line.display_type
            )
        )
        units = {self.env.ref(name, raise_if_not_found=False): days
                 for name, days in RENT_DAYS.items()} if rented else {}  # fmt: skip
        return {
            line: units.get(line.product_uom_id, 0) if line.sov_method == "unit" else 0
            for line in rented
        }

    def _rent_term(self):
        """Days that the order runs, both the first and the last one counted; 0 without a last
        day."""
        order = self.order_id
        if not (order.start_on and order.end_on):
            return 0
        return max((order.end_on - order.start_on).days + 1, 1)
