from odoo import models
from odoo.exceptions import UserError


class CommitmentVoided(models.AbstractModel):
    """commitment.voided → the order is cancelled, unless it was received or billed.

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
        orders = self._split_new(items, "purchase.order")
        for item in items:
            order = orders.get(item.id)
            if not order:
                item.bind(None, tombstone=True)
                continue
            item.company_id = order.company_id.id
            touched = order._touched()
            if touched:
                item.park(
                    "matching",
                    self.env._(
                        "%(order)s cannot be voided: %(lines)s.",
                        order=order.display_name,
                        lines=touched,
                    ),
                    suggestion=self.env._("Return the receipt or credit the bill, then resume."),
                )
            elif order.state == "cancel" or self._cancel(item, order):
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
