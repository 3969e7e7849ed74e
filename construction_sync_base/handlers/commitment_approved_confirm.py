from odoo import models

from ..lib.batch import Refused
from ..models.construction_approval_platform import self_approved
from ..models.construction_coding import EDIT_SENTINEL


class CommitmentApprovedConfirm(models.AbstractModel):
    """Budget, approval and confirmation of what an event made or changed."""

    _inherit = "construction.handler.commitment.approved"

    def _confirm(self, plans):
        if not plans:
            return
        orders = self._orders(plans)
        overruns = self.env["construction.budget.control"]._overruns(
            orders, stopped=self._blocked_by_budget(plans)
        )
        refused = orders.browse()
        for plan in plans:
            found = overruns.get(plan["order"].id)
            if found and not self._budget_verdict(plan, found):
                if plan.get("first"):  # it was there before: undo what the event did to it
                    raise Refused(plan["item"].problems[-1])
                refused |= plan["order"]
        if refused:
            refused.button_cancel()
            refused.unlink()
        confirmed = [plan for plan in plans if plan["order"] not in refused]
        self._note_approvals(confirmed)
        accepting = self._orders([plan for plan in confirmed if self._accepts(plan)])
        accepting.with_context(construction_approval=EDIT_SENTINEL).button_confirm()
        (orders - refused - accepting).button_confirm()

    def _note_approvals(self, plans):
        self.env["construction.approval"]._from_platform(
            [(plan["order"], plan["item"]) for plan in plans]
        )

    def _accepts(self, plan):
        """Whether the platform's approval suffices; that of the submitter never does."""
        return self._policy(plan).accept_platform_approval and not self_approved(plan["item"].data)

    def _policy(self, plan):
        return self.env["construction.sync.policy"]._get(
            "commitment", plan["job"].company_id.id, plan["item"].platform_id
        )

    def _blocked_by_budget(self, plans):
        """Ids of the orders that exceeding the budget would stop."""
        return {
            plan["order"].id
            for plan in plans
            if self._policy(plan).budget_check == "block" and not plan["item"].approved_note
        }

    def _budget_verdict(self, plan, found):
        """Whether the order goes on although it exceeds its budget; opens the issue."""
        check = self._policy(plan).budget_check
        item = plan["item"]
        refusal = self.env["construction.budget.control"]._reserve_refusal(found)
        if refusal:
            item.park("budget", refusal, wait=f"budget|{plan['job'].id}", severity="high")
            return False
        if check == "off":
            return True
        currency = plan["job"].company_id.currency_id
        control = self.env["construction.budget.control"]
        text = control._explain(found, currency)
        over = sum(needed - rest for _key, rest, needed in found)
        more = {"amount": over, "currency_id": currency.id}
        if item.approved_note:
            plan["order"].budget_reason = item.approved_note
            return True
        if check == "block":
            item.park(
                "budget",
                text,
                wait=f"budget|{plan['job'].id}",
                severity="high",
                suggestion=self.env._("Move budget to these lines, or approve the overrun."),
                **more,
            )
            return False
        if check == "route":
            plan["order"]._editable().budget_routed = True
            item.notice("approval", text, severity="high", **more)
        elif check == "warn":
            item.notice("budget", text, **more)
        else:
            plan["order"].message_post(body=text)
        return True

    def _check_changed(self, plans, totals, needs):
        """A changed commitment is checked as a whole, itself left out of the position, for
        what it needs more than before; one that rises above the approval limit waits."""
        orders = self._orders(plans)
        overruns = self.env["construction.budget.control"]._overruns(
            orders, needs, self._blocked_by_budget(plans)
        )
        self._note_approvals(plans)
        again = []
        for plan in plans:
            order, found = plan["order"], overruns.get(plan["order"].id)
            if found and not self._budget_verdict(plan, found):
                # the change is made already: undo it with its savepoint, park it alone
                raise Refused(plan["item"].problems[-1])
            risen = order.amount_total > totals[order.id]
            waits = order.state == "to approve" or order.release_state in ("to_release", "returned")
            if found or risen or waits:
                again.append(plan)
        orders._unroute_what_fits()
        self._submit_again(again)
        orders._raise_budget_alerts()
        self.env["construction.budget.control"]._freed(orders, needs)._budget_is_free()

    def _submit_again(self, plans):
        accepting = self._orders([plan for plan in plans if self._accepts(plan)])
        accepting.with_context(construction_approval=EDIT_SENTINEL)._revalidate()
        (self._orders(plans) - accepting)._revalidate()
