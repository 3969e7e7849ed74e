from odoo import api, fields, models

# calendar days that a price is for: Odoo's weeks and months count days of work, rent runs on
# Sundays too, and a month of it is four weeks
RENT_DAYS = {
    "uom.product_uom_day": 1,
    "construction_sync_base.uom_week": 7,
    "construction_sync_base.uom_month": 28,
}


class PurchaseOrderLineRent(models.Model):
    """What a rented thing costs for each day it stands on the job."""

    _inherit = "purchase.order.line"

    day_rate = fields.Monetary(
        compute="_compute_day_rate",
        store=True,
        readonly=False,
        help="Rent of one day, both the first and the last one counted. From a price per day, "
        "week or month (28 days); else the line spread over the days of the order.",
    )

    @api.depends(
        "order_id.commitment_type", "order_id.start_on", "order_id.end_on", "price_unit",
        "price_subtotal", "product_uom_id",
    )  # fmt: skip
    def _compute_day_rate(self):
        rented = self.filtered(
            lambda line: (
                line.order_id.commitment_type == "rental"
                and line.order_id.start_on
                and not line.display_type
            )
        )
        (self - rented).day_rate = 0
        units = {self.env.ref(name, raise_if_not_found=False): days
                 for name, days in RENT_DAYS.items()} if rented else {}  # fmt: skip
        for line in rented:
            order, per = line.order_id, units.get(line.product_uom_id)
            if line.sov_method == "unit" and per:
                line.day_rate = line.price_unit_discounted / per
            elif order.end_on:
                days = (order.end_on - order.start_on).days + 1
                line.day_rate = line.price_subtotal / max(days, 1)
            else:
                line.day_rate = 0
