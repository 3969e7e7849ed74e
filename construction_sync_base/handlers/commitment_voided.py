from odoo import models
from odoo.exceptions import UserError


class CommitmentVoided(models.AbstractModel):
    """commitment.voided → the order is cancelled. What was received or billed of it is undone
    first, by a correction that Finance releases.

    A void that comes before its commitment leaves a tombstone, so that an older version
    that arrives later creates nothing.
    """

    _name = "construction.handler.commitment.voided"
    _inherit = "construction.handler.domain"
    _description = "commitment.voided"

    _event_type = "construction.commitment.voided.v1"
    _replaces = False
    _order_in_batch = 60

    def _apply(self, items):
        items = self._still_void(items, "commitment")
        if not items:
            return
        orders = self._split_new(items, "purchase.order")
        known = self.env["purchase.order"].union(*orders.values())
        waiting = self.env["construction.correction"]._open_of(known).grouped("res_id")
        for item in items:
            order = orders.get(item.id)
            if not order:
                item.bind(None, tombstone=True)
                continue
            item.company_id = order.company_id.id
            if order.state != "cancel" and order._touched():
                if self._corrected(item, order):
                    item.bind(order, tombstone=True)
            elif order.state == "cancel" or self._cancel(item, order):
                if order.id in waiting:
                    waiting[order.id]._drop()
                item.bind(order, tombstone=True)

    def _cancel(self, item, order):
        refusal = order.project_id._refusal("change")
        if refusal:
            item.park("inactive_target", refusal, wait=f"job_open|{order.project_id.id}")
            return False
        try:
            with self.env.cr.savepoint():
                order.locked = False
                order.button_cancel()
        except UserError as error:
            item.park("matching", str(error))
            return False
        order.message_post(
            body=self.env._("Voided at the platform: %s", item.data.get("reason") or "—")
        )
        return True
