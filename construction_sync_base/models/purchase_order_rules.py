from odoo import api, models
from odoo.exceptions import UserError

from .construction_coding import EDIT_SENTINEL
from .purchase_order import CONFIRMED

# of a confirmed commitment; the door is `_apply_change` and what belongs to it
FROZEN = {
    "company_id",
    "currency_id",
    "currency_rate",
    "date_order",
    "partner_id",
    "project_id",
}
# of any commitment: kept by the suite, never typed
KEPT = {"budget_routed", "closed_on", "closed_state", "original_amount", "platform_approval"}


class PurchaseOrderRules(models.Model):
    """Rules for orders of a job, for every user and path: screen, RPC, import, event."""

    _inherit = "purchase.order"

    # --------------------------------------------------------------- confirm
    def button_confirm(self):
        commitments = self.filtered(lambda o: o.is_commitment and o.state in ("draft", "sent"))
        if not commitments:
            return super().button_confirm()
        commitments._check_commitment()
        if not self._is_platform_apply():
            commitments._check_budget_on_screen()
        commitments.filtered(lambda o: not o.commitment_type).commitment_type = "purchase_order"
        commitments._release_request(accepted=self._is_accepted())
        result = super(PurchaseOrderRules, self._in_transition()).button_confirm()
        commitments.filtered(lambda o: o.state == "purchase")._release_settle()
        commitments._after_approval()
        return result

    def button_approve(self, force=False):
        if self._is_transition():  # `button_confirm` checks and follows up in bulk
            return super().button_approve(force=force)
        commitments = self.filtered("is_commitment")
        drafts = commitments.filtered(lambda o: o.state not in CONFIRMED)
        if drafts:
            raise UserError(self.env._("%s: confirm it first.", drafts[0].display_name))
        gated = commitments.filtered(lambda o: o.release_state in ("to_release", "returned"))
        if gated:
            gated.action_release()
        rest = commitments - gated
        rest.filtered(lambda o: o.state == "to approve")._check_before_approval()
        native = self - gated
        if not native:
            return {}
        result = super(PurchaseOrderRules, native._in_transition()).button_approve(force=force)
        rest.filtered(lambda o: o.state == "purchase")._release_settle(self.env.user)
        rest._after_approval()
        return result

    def _check_before_approval(self):
        """The native second approval: who submitted it, here or at the platform, is not
        the one who approves it."""
        self._check_commitment()
        for order in self:
            refusal = order._duty_refusal(self.env.user)
            if refusal:
                raise UserError(refusal)

    def button_draft(self):
        for order in self:
            if order.is_commitment and order.state in CONFIRMED:
                raise UserError(
                    self.env._(
                        "%s is a confirmed commitment: it does not go back to a draft. Cancel "
                        "it first.",
                        order.display_name,
                    )
                )
        commitments = self.filtered(lambda o: o.is_commitment and o.state == "cancel")
        result = super().button_draft()
        commitments = commitments._editable()
        commitments.write({"original_amount": 0, "closed_state": "open", "closed_on": False})
        commitments.order_line.write({"released_amount": 0})
        return result

    def button_cancel(self):
        for order in self:
            if order.is_commitment and order.state in CONFIRMED:
                order.project_id._check_takes("change")
                touched = order._touched()
                if touched:
                    raise UserError(
                        self.env._(
                            "%(order)s cannot be cancelled: %(lines)s. Return the receipt or "
                            "credit the bill first, or close the commitment.",
                            order=order.display_name,
                            lines=touched,
                        )
                    )
        freed = self.filtered(lambda o: o.is_commitment and o.state in CONFIRMED)
        result = super(PurchaseOrderRules, self._in_transition()).button_cancel()
        freed._leave_the_commitments()
        return result

    def _leave_the_commitments(self):
        """After they were cancelled: nobody decides about them, and their budget is free."""
        gated = self.filtered("release_state")._at_the_gate()
        gated._release_withdraw()
        gated.write({"release_state": False})
        self._budget_is_free()

    def _in_transition(self):
        """The same orders on their way to another state by one of the buttons."""
        return self.with_context(construction_transition=EDIT_SENTINEL)

    def _is_transition(self):
        return self.env.context.get("construction_transition") is EDIT_SENTINEL

    def _is_platform_apply(self):
        return self.env.context.get("construction_platform_apply") is EDIT_SENTINEL

    def _may_approve_overrun(self):
        user = self.env.user
        return user.has_group("construction_sync_base.group_finance") or user.has_group(
            "construction_sync_base.group_project_manager"
        )

    def _is_accepted(self):
        """The policy accepts the platform's approval at any amount."""
        return self.env.context.get("construction_approval") is EDIT_SENTINEL

    def _approval_allowed(self):
        if not self.is_commitment:
            return super()._approval_allowed()
        if self._is_at_the_gate():
            return True
        if self.release_state in ("to_release", "returned"):
            return False
        return self._is_accepted() or super()._approval_allowed()

    def _revalidate(self):
        """A changed commitment passes the gate again: when it rises above a limit or is
        routed it waits `to approve`; bills stop until somebody has decided. One that waited
        and needs nobody's approval any more goes on."""
        self._release_request(accepted=self._is_accepted())
        free = self.filtered(lambda o: o.state == "to approve" and o._approval_allowed())
        free._in_transition().button_approve()
        free._after_approval()
        confirmed = self.filtered(lambda o: o.state == "purchase")
        above = confirmed.filtered(lambda o: not o._approval_allowed())
        if above:
            above._in_transition().write({"state": "to approve"})
        (confirmed - above)._release_settle()

    def _after_approval(self):
        approved = self.filtered(lambda o: o.state == "purchase")
        for order in approved._editable():
            if not order.original_amount:
                order.original_amount = order._amount_without_changes()
            if order.budget_routed:
                order.budget_routed = False
        self.env["construction.resolver"]._available(
            [("approved", str(order.id)) for order in approved]
        )
        self._raise_budget_alerts()

    def _raise_budget_alerts(self, standing=False):
        """Of the budget lines that these orders use, or used until now.

        :param standing: only where one stands; enough for what can only fall
        """
        self.env["construction.budget.control"]._raise_alerts(
            {
                (line.order_id.project_id.id, line.cost_code_id.id, line.cost_type_id.id)
                for line in self.order_line
                if not line.display_type
            },
            standing=standing,
        )

    # ---------------------------------------------------------------- checks
    def _check_commitment(self):
        """What has to hold before an order of a job becomes a commitment.

        :raises UserError: job takes none, vendor on hold, coding incomplete, storable
            product, no lines
        """
        self.project_id._check_takes("commitment")
        for order in self:
            refusal = order.partner_id._construction_refusal()
            if refusal:
                raise UserError(refusal)
            if not order.order_line.filtered(lambda line: not line.display_type):
                raise UserError(self.env._("%s has no lines.", order.display_name))
            if order.closed_state != "open":
                raise UserError(self.env._("%s is closed.", order.display_name))
        self.order_line._check_schedule_lines()
        self.order_line._check_account_map()

    def _check_budget_on_screen(self):
        """A person confirms: inform, ask for a reason, refuse or route, by policy."""
        control = self.env["construction.budget.control"]
        policies = {
            company: self.env["construction.sync.policy"]._get("commitment", company.id)
            for company in self.company_id
        }
        strict = self.filtered(lambda o: policies[o.company_id].budget_check == "block")
        overruns = control._overruns(self, stopped=strict.ids)
        for order in self:
            found = overruns.get(order.id)
            if not found:
                continue
            refusal = control._reserve_refusal(found)
            if refusal:
                raise UserError(refusal)
            policy = policies[order.company_id]
            text = control._explain(found, order.company_id.currency_id)
            if policy.budget_check == "inform":
                order.message_post(body=text)
            elif policy.budget_check == "warn" and not (order.budget_reason or "").strip():
                raise UserError(
                    self.env._(
                        "%s\n\nTo order all the same, fill in “Reason for exceeding the budget” "
                        "and confirm again.",
                        text,
                    )
                )
            elif policy.budget_check == "block":
                raise UserError(self.env._("%s\n\nMove budget first, or order less.", text))
            elif policy.budget_check == "route":
                order._editable().budget_routed = True
                order.message_post(body=text)

    # ----------------------------------------------------------------- guard
    @api.model_create_multi
    def create(self, vals_list):
        orders = super().create(vals_list)
        free = self._may_edit() or self._is_platform_apply()
        for order, vals in zip(orders, vals_list, strict=True):
            if not order.is_commitment:
                continue
            if vals.get("state", "draft") not in ("draft", "sent"):
                raise UserError(self.env._("Orders of a job start as drafts and are confirmed."))
            if not free and any(vals.get(name, False) not in (False, "open", 0) for name in KEPT):
                raise UserError(self.env._("Orders of a job start open and without an approval."))
        return orders

    def write(self, vals):
        names = set(vals)
        if names & FROZEN and not self._may_edit():
            self._refuse_frozen(vals)
        if names & KEPT and not self._may_edit():
            self._refuse_kept(vals)
        if "state" in names and not self._is_transition():
            self._refuse_state(vals["state"])
        return super().write(vals)

    def _refuse_frozen(self, vals):
        for order in self:
            if not (order.is_commitment and order.state in CONFIRMED):
                continue
            for name in FROZEN & set(vals):
                field = self._fields[name]
                new = field.convert_to_cache(vals[name], order)
                if field.convert_to_cache(order[name], order) != new:
                    raise UserError(
                        self.env._(
                            "%(order)s is a confirmed commitment: its %(field)s does not "
                            "change. Cancel it and order again.",
                            order=order.display_name,
                            field=field._description_string(self.env),
                        )
                    )

    def _refuse_kept(self, vals):
        for order in self.filtered("is_commitment"):
            for name in KEPT & set(vals):
                field = self._fields[name]
                if field.convert_to_cache(vals[name], order) != field.convert_to_cache(
                    order[name], order
                ):
                    raise UserError(
                        self.env._(
                            "“%s” of a commitment is kept by the suite and not typed.",
                            field._description_string(self.env),
                        )
                    )

    def _refuse_state(self, state):
        """The state of a commitment moves by its buttons, which check; a bare write,
        by RPC or import, would pass them all."""
        for order in self:
            if not order.is_commitment or order.state == state:
                continue
            if order.state in CONFIRMED or state in CONFIRMED:
                raise UserError(
                    self.env._(
                        "%s is an order of a job: confirm, approve or cancel it by its buttons.",
                        order.display_name,
                    )
                )

    def _refuse_line_change(self):
        for order in self:
            if order.is_commitment and order.state in CONFIRMED:
                raise UserError(
                    self.env._(
                        "%s is a confirmed commitment: price, quantity, coding and tax change "
                        "through a change order, or through the platform that sent it.",
                        order.display_name,
                    )
                )

    # ------------------------------------------------------ native functions
    def _add_supplier_to_product(self):
        """No vendor price is learned from a job's order: a later quantity-only write
        would otherwise replace the agreed price by it."""
        if self.is_commitment:
            return None
        return super()._add_supplier_to_product()

    def action_merge(self):
        if any(order.is_commitment for order in self):
            raise UserError(
                self.env._(
                    "Orders of a job are not merged: each is a commitment of its own, with "
                    "its schedule of values and its changes."
                )
            )
        return super().action_merge()

    def _create_downpayments(self, line_vals):
        if self.is_commitment:
            raise UserError(
                self.env._(
                    "%s is a commitment: an advance is no line of its schedule of values.",
                    self.display_name,
                )
            )
        return super()._create_downpayments(line_vals)

    def action_bill_matching(self):
        self._refuse_matching()
        return super().action_bill_matching()

    def _refuse_matching(self):
        """Native matching pairs lines by product, and all lump sums share a few."""
        for order in self.filtered("is_commitment"):
            raise UserError(
                self.env._(
                    "Bills of commitment %s are not matched line by line here: open it and use "
                    "“Create Bill”, so that job, cost code and cost type come along.",
                    order.display_name,
                )
            )

    def _bill_refusal(self, move_type="in_invoice"):
        """Why this commitment takes no such bill, or None."""
        self.ensure_one()
        if self.billing_mode == "application":
            return self.env._(
                "%s is billed by application for payment: its bill comes from the certificate.",
                self.display_name,
            )
        if self.state != "purchase" and move_type != "in_refund":
            return self.env._("%s is not approved and takes no bill.", self.display_name)
        if self.closed_state == "final" and move_type != "in_refund":
            return self.env._("%s is closed and takes no more bills.", self.display_name)
        return self.project_id._refusal("cost")

    def _check_takes_bill(self, move_type="in_invoice"):
        """:raises UserError: when one of the commitments among these takes no such bill"""
        for order in self.sudo().filtered("is_commitment"):
            refusal = order._bill_refusal(move_type)
            if refusal:
                raise UserError(refusal)

    def action_create_invoice(self, attachment_ids=False):
        if len(self) > 1 and any(order.is_commitment for order in self):
            raise UserError(self.env._("Create the bills of commitments one by one."))
        self._check_takes_bill()
        return super().action_create_invoice(attachment_ids=attachment_ids)
