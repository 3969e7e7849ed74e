from odoo import models
from odoo.exceptions import UserError

from ..models.construction_coding import EDIT_SENTINEL


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
            touched = self._touched(order)
            if touched:
                item.park(
                    "matching",
                    touched,
                    suggestion=self.env._("Return the receipt or credit the bill, then resume."),
                )
            elif order.state == "cancel" or self._cancel(item, order):
                item.bind(order, tombstone=True)

    def _cancel(self, item, order):
        refusal = order.project_id._refusal("change")
        if refusal:
            item.park("inactive_target", refusal)
            return False
        try:
            with self.env.cr.savepoint():
                order = order.with_context(construction_edit=EDIT_SENTINEL)
                order.locked = False
                order.button_cancel()
        except UserError as error:
            item.park("matching", str(error))
            return False
        order.message_post(
            body=self.env._("Voided at the platform: %s", item.data.get("reason") or "—")
        )
        return True

    def _touched(self, order):
        """The arithmetic that stands in the way, or None."""
        lines = [line for line in order.order_line if line.qty_received or line.qty_invoiced]
        if not lines:
            return None
        return self.env._(
            "%(order)s cannot be voided: %(lines)s.",
            order=order.display_name,
            lines="; ".join(
                self.env._(
                    "“%(name)s” received %(received)s, billed %(billed)s",
                    name=line.name,
                    received=line.qty_received,
                    billed=line.qty_invoiced,
                )
                for line in lines
            ),
        )
