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
        plain = []
        for item in items:
            order = orders.get(item.id)
            if not order:
                item.bind(None, tombstone=True)
                continue
            item.company_id = order.company_id.id
            if order.state != "cancel" and order._touched():
                if self._corrected(item, order):
                    item.bind(order, tombstone=True)
                continue
            if order.id in waiting:
                waiting[order.id]._drop()
            if order.state == "cancel":
                item.bind(order, tombstone=True)
            else:
                plain.append((item, order))
        self._cancel(plain)

    def _cancel(self, pairs):
        """Cancel orders that nothing was made on: all at once, or one by one where one of them
        cannot be."""
        open_ = []
        for item, order in pairs:
            refusal = order.project_id._refusal("change")
            if refusal:
                item.park("inactive_target", refusal, wait=f"job_open|{order.project_id.id}")
            else:
                open_.append((item, order))
        orders = self.env["purchase.order"].union(*(order for _item, order in open_))
        try:
            with self.env.cr.savepoint():
                orders.locked = False
                orders.button_cancel()
        except UserError as error:
            if len(open_) > 1:
                for pair in open_:
                    self._cancel([pair])
            else:
                open_[0][0].park("matching", str(error))
            return
        for item, order in open_:
            order.message_post(
                body=self.env._("Voided at the platform: %s", item.data.get("reason") or "—")
            )
            item.bind(order, tombstone=True)
