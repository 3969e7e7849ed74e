from decimal import Decimal

from odoo import models

from ..lib import money


class CommitmentClosed(models.AbstractModel):
    """commitment.closed → what is open leaves the commitment; soft still takes bills."""

    _name = "construction.handler.commitment.closed"
    _inherit = "construction.handler.domain"
    _description = "commitment.closed"

    _event_type = "construction.commitment.closed.v1"
    _replaces = False
    _order_in_batch = 61

    def _apply(self, items):
        orders = self._named_commitments(items)
        for item in items:
            if item.blocked:
                continue
            order = orders[item.id]
            item.company_id = order.company_id.id
            if order.closed_state in (item.data["kind"], "final"):
                item.bind(order)  # told again: what it releases has left already
            elif self._may_close(item, order):
                released = self._released(item, order)
                if released is not None:
                    order._close_commitment(item.data["kind"], item.data["date"], released)
                    item.bind(order)

    def _may_close(self, item, order):
        refusal = order.project_id._refusal("change")
        drafts = order.invoice_ids.filtered(lambda move: move.state == "draft")
        if order.state == "cancel":
            item.park("inactive_target", self.env._("%s is cancelled.", order.display_name))
        elif order.state != "purchase":
            item.park(
                "approval",
                self.env._("%s is not approved yet, so it cannot be closed.", order.display_name),
                wait=f"approved|{order.id}",
            )
        elif refusal:
            item.park("inactive_target", refusal, wait=f"job_open|{order.project_id.id}")
        elif item.data["kind"] == "final" and drafts:
            item.park(
                "matching",
                self.env._(
                    "%(order)s still has draft bills (%(bills)s), which a closed order would not "
                    "take any more.",
                    order=order.display_name,
                    bills=", ".join(drafts.mapped("display_name")),
                ),
                suggestion=self.env._("Post or delete the drafts, then resume."),
            )
        return not item.blocked

    def _released(self, item, order):
        """What leaves the open commitment, without tax: all of it in a final close, what
        the platform says in a soft one (bills for the rest are still to come)."""
        digits = order.currency_id.decimal_places
        final = self._number(
            item, money.parse_amount, item.data["final_amount"], "final_amount", digits
        )
        told = self._number(
            item, money.parse_amount, item.data["open_released"], "open_released", digits
        )
        if final is None or told is None:
            return None
        ours = sum(order._open_untaxed().values(), Decimal(0))
        if item.data["kind"] == "soft" and told <= ours:
            return told
        if told != ours:
            item.notice(
                "matching",
                self.env._(
                    "%(order)s: the platform releases %(theirs)s, open here is %(ours)s. "
                    "What is open here was released.",
                    order=order.display_name,
                    theirs=told,
                    ours=ours,
                ),
                amount=abs(told - ours),
                currency_id=order.currency_id.id,
            )
        return ours
