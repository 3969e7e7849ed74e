from odoo import api, fields, models


class PurchaseOrderLineRent(models.Model):
    """What a rented thing costs for each day it stands on the job."""

    _inherit = "purchase.order.line"

    day_rate = fields.Monetary(
        compute="_compute_day_rate",
        store=True,
        readonly=False,
        help="Rent of one day, both the first and the last one counted. From a price per day, "
        "week or month; else the line spread over the days of the order.",
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
        day = rented and self.env.ref("uom.product_uom_day")
        for line in rented:
            unit, order = line.product_uom_id, line.order_id
            if line.sov_method == "unit" and unit and unit._has_common_reference(day):
                line.day_rate = unit._compute_price(line.price_unit_discounted, day)
            elif order.end_on:
                line.day_rate = line.price_subtotal / max(
                    (order.end_on - order.start_on).days + 1, 1
                )
            else:
                line.day_rate = 0
