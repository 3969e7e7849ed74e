from odoo import api, models

from ..lib import money

CODING = ("cost_code_id", "cost_type_id")


class PurchaseOrderLineCorrection(models.Model):
    """What of a line's bills stands against a change of it."""

    _inherit = "purchase.order.line"

    @api.depends("invoice_lines.move_id.set_back_by_id", "invoice_lines.move_id.release_state")
    def _compute_qty_invoiced(self):
        return super()._compute_qty_invoiced()

    def _prepare_qty_invoiced(self):
        """Drafts that a correction set back count once they are submitted again."""
        quantities = super()._prepare_qty_invoiced()
        for line in self:
            for item in line._get_invoice_lines():
                move = item.move_id
                if move._is_set_back():
                    quantity = item.product_uom_id._compute_quantity(
                        item.quantity, line.product_uom_id
                    )
                    quantities[line] += -quantity if move.move_type == "in_invoice" else quantity
        return quantities

    def _billed_in_the_way(self, values):
        """What has to be billed less of this line before it can change, as a quantity; None
        where bills are not all that stands against it."""
        places = money.QUANTITY_DECIMALS
        billed = money.from_float(self.qty_invoiced, places)
        received = money.from_float(self.qty_received, places)
        quantity = money.from_float(values.get("product_qty", self.product_qty), places)
        if billed < 0 or quantity < 0 or quantity < received:
            return None
        price = values.get("price_unit", self.price_unit)
        unit = values.get("product_uom_id", self.product_uom_id.id)
        if price != self.price_unit or unit != self.product_uom_id.id:
            return None if received else billed
        if self._is_recoded(values):
            return billed
        return max(billed - quantity, 0 * billed)

    def _is_recoded(self, values):
        return any(values.get(name, self[name].id) != self[name].id for name in CODING)
