from odoo import models


class RequisitionVoided(models.AbstractModel):
    """requisition.voided → its requests for quotation are cancelled; what was ordered is
    cancelled as well, after what stands on it was undone by a correction.

    A void that comes before its requisition leaves a tombstone.
    """

    _name = "construction.handler.requisition.voided"
    _inherit = "construction.handler.requisition.approved"
    _description = "requisition.voided"

    _event_type = "construction.requisition.voided.v1"
    _replaces = False
    _order_in_batch = 46

    def _apply(self, items):
        self._refuse_merged(items)
        items = self._still_void(items, "requisition")
        if not items:
            return
        self._drop_transfers(items, self._standing_transfers(items))
        known = self._known_orders(items)
        for item in items:
            if item.blocked:
                continue
            orders = known.get(item.id, self.env["purchase.order"])
            orders = orders.filtered(lambda order: order.state != "cancel")
            item.company_id = orders[:1].company_id.id or item.company_id
            ordered = orders.filtered(lambda order: order.state in ("purchase", "to approve"))
            (orders - ordered).button_cancel()
            # each of them is proposed, so that Finance sees them all
            done = [self._corrected(item, order) for order in ordered]
            if all(done):
                item.bind(orders[:1] or None, tombstone=True)
