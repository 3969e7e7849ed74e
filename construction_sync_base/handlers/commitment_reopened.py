from odoo import models
from odoo.exceptions import UserError

from ..models.construction_coding import EDIT_SENTINEL


class CommitmentReopened(models.AbstractModel):
    """commitment.reopened → a closed order takes changes and bills again, with what closing
    had released; a voided one is a commitment again, and bills that were set back with it are
    submitted again."""

    _name = "construction.handler.commitment.reopened"
    _inherit = "construction.handler.domain"
    _description = "commitment.reopened"

    _event_type = "construction.commitment.reopened.v1"
    _replaces = False
    _order_in_batch = 62

    def _apply(self, items):
        self = self.with_context(construction_platform_apply=EDIT_SENTINEL)
        orders = self._named_commitments(items)
        for item in items:
            if item.blocked:
                continue
            order = orders[item.id].with_env(self.env)
            item.company_id = order.company_id.id
            voided = order.state == "cancel"
            refusal = order.project_id._refusal("commitment" if voided else "change")
            if refusal:
                item.park("inactive_target", refusal, wait=f"job_open|{order.project_id.id}")
                continue
            try:
                with self.env.cr.savepoint():
                    order._reopen()
            except UserError as error:
                item.park("matching", str(error))
                continue
            if order.state == "to approve":
                self._notice_waiting(item, order)
            item.bind(order)
