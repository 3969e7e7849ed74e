from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..lib import money
from .construction_coding import EDIT_SENTINEL

CONFIRMED = ("purchase", "to approve")


class PurchaseOrder(models.Model):
    """A commitment is a purchase order with a job; its lines are the schedule of values."""

    _inherit = "purchase.order"

    is_commitment = fields.Boolean(
        compute="_compute_is_commitment", store=True, precompute=True, index=True
    )
    commitment_number = fields.Char(copy=False, index="trigram", tracking=True)
    commitment_title = fields.Char(string="Title")
    commitment_type = fields.Selection(
        [
            ("purchase_order", "Purchase order"),
            ("subcontract", "Subcontract"),
            ("rental", "Rental"),
            ("service", "Service"),
        ],
        tracking=True,
    )
    billing_mode = fields.Selection(
        [("invoice", "By invoice"), ("application", "By application for payment")],
        default="invoice",
    )
    closed_state = fields.Selection(
        [("open", "Open"), ("soft", "Closed, bills still possible"), ("final", "Closed")],
        default="open",
        required=True,
        copy=False,
        tracking=True,
        readonly=True,
    )
    closed_on = fields.Date(copy=False, readonly=True)
    retention_percent = fields.Float(string="Retention %", digits=(6, 3))
    executed_on = fields.Date(copy=False)
    platform_approval = fields.Char(
        string="Approved at the platform", copy=False, readonly=True, help="Who and when."
    )
    budget_reason = fields.Char(
        string="Reason for exceeding the budget",
        copy=False,
        tracking=True,
        help="Required when the budget policy warns; kept with the order.",
    )
    budget_routed = fields.Boolean(
        copy=False,
        readonly=True,
        help="Above budget and routed: a Project Manager or Finance has to approve.",
    )
    original_amount = fields.Monetary(copy=False, readonly=True)
    approved_change_amount = fields.Monetary(
        string="Approved changes", compute="_compute_commitment_amounts"
    )
    pending_change_amount = fields.Monetary(
        string="Pending changes", compute="_compute_commitment_amounts"
    )
    revised_amount = fields.Monetary(string="Revised", compute="_compute_commitment_amounts")
    received_amount = fields.Monetary(string="Received", compute="_compute_commitment_amounts")
    billed_amount = fields.Monetary(string="Billed", compute="_compute_commitment_amounts")
    paid_amount = fields.Monetary(string="Paid", compute="_compute_commitment_amounts")
    retention_held = fields.Monetary(compute="_compute_commitment_amounts")
    retention_released = fields.Monetary(compute="_compute_commitment_amounts")
    advance_balance = fields.Monetary(compute="_compute_commitment_amounts")
    open_amount = fields.Monetary(string="Open", compute="_compute_commitment_amounts")
    tax_cost_amount = fields.Monetary(
        string="Tax that is cost", compute="_compute_commitment_amounts"
    )
    sync_event_count = fields.Integer(compute="_compute_sync_event_count", compute_sudo=True)

    @api.depends("project_id.is_job")
    def _compute_is_commitment(self):
        for order in self:
            order.is_commitment = order.project_id.is_job

    @api.depends("commitment_number")
    def _compute_display_name(self):
        super()._compute_display_name()
        for order in self.filtered("commitment_number"):
            order.display_name = f"{order.display_name} ({order.commitment_number})"

    @api.model
    def _search_display_name(self, operator, value):
        domain = super()._search_display_name(operator, value)
        if operator in ("ilike", "=", "like") and isinstance(value, str):
            return fields.Domain.OR([domain, [("commitment_number", operator, value)]])
        return domain

    @api.depends(
        "order_line.price_subtotal",
        "order_line.qty_received",
        "order_line.qty_invoiced",
        "order_line.tax_cost_amount",
        "order_line.released_amount",
        "original_amount",
        "invoice_ids.payment_state",
    )
    def _compute_commitment_amounts(self):
        billed = self._billed_by_order()
        for order in self:
            lines = order.order_line.filtered(lambda line: not line.display_type)
            revised = sum(lines.mapped("price_subtotal"))
            bill, paid = billed.get(order.id, (0.0, 0.0))
            approved = order.state == "purchase"
            order.revised_amount = revised
            order.approved_change_amount = revised - order.original_amount if approved else 0
            order.pending_change_amount = 0
            order.received_amount = sum(
                line.qty_received * line.price_unit_discounted for line in lines
            )
            order.billed_amount = bill
            order.paid_amount = paid
            order.retention_held = order.retention_released = order.advance_balance = 0
            order.tax_cost_amount = sum(lines.mapped("tax_cost_amount"))
            released = sum(lines.mapped("released_amount"))
            order.open_amount = (
                revised + order.tax_cost_amount - bill - released
                if approved or order.state == "to approve"
                else 0
            )

    def _billed_by_order(self):
        """{order id: (billed, paid)} in the order's currency, from posted bills, gross."""
        lines = self.env["account.move.line"].search(
            [
                ("purchase_line_id.order_id", "in", self.ids),
                ("parent_state", "=", "posted"),
                ("display_type", "=", "product"),
            ]
        )
        result = {}
        for line in lines:
            move = line.move_id
            sign = -1 if move.move_type == "in_refund" else 1
            share = 1 - (move.amount_residual / move.amount_total if move.amount_total else 1)
            amount = sign * line.price_subtotal
            order_id = line.purchase_line_id.order_id.id
            billed, paid = result.get(order_id, (0.0, 0.0))
            result[order_id] = (billed + amount, paid + amount * share)
        return result

    def _compute_sync_event_count(self):
        bindings = self.env["construction.binding"].search(
            [("res_model", "=", self._name), ("res_id", "in", self.ids)]
        )
        counts = {binding.res_id: len(binding.event_ids) for binding in bindings}
        for order in self:
            order.sync_event_count = counts.get(order.id, 0)

    # --------------------------------------------------------------- confirm
    def button_confirm(self):
        commitments = self.filtered(lambda o: o.is_commitment and o.state in ("draft", "sent"))
        commitments._check_commitment()
        if not self._is_platform_apply():
            commitments._check_budget_on_screen()
        result = super().button_confirm()
        commitments._after_approval()
        return result

    def button_approve(self, force=False):
        waiting = self.filtered(lambda o: o.is_commitment and o.budget_routed)
        if waiting and not waiting._may_approve_overrun():
            raise UserError(
                self.env._(
                    "%s exceeds its budget: a Project Manager or Finance has to approve it.",
                    waiting[0].display_name,
                )
            )
        (self - waiting).filtered("is_commitment")._check_commitment()
        result = super().button_approve(force=force)
        self.filtered("is_commitment")._after_approval()
        return result

    def _may_approve_overrun(self):
        user = self.env.user
        return user.has_group("construction_sync_base.group_finance") or user.has_group(
            "construction_sync_base.group_project_manager"
        )

    def _approval_allowed(self):
        allowed = super()._approval_allowed()
        if self.is_commitment and self.budget_routed and not self._may_approve_overrun():
            return False
        if not allowed and self.env.context.get("construction_approval") is EDIT_SENTINEL:
            return True  # the policy accepts the platform's approval at any amount
        return allowed

    def _is_platform_apply(self):
        return self.env.context.get("construction_platform_apply") is EDIT_SENTINEL

    def _after_approval(self):
        approved = self.filtered(lambda o: o.state == "purchase" and not o.original_amount)
        for order in approved:
            order.original_amount = order.amount_untaxed
        self.env["construction.resolver"]._available(
            [("approved", str(order.id)) for order in approved]
        )
        self.env["construction.budget.control"]._raise_alerts(
            self.filtered(lambda o: o.state in CONFIRMED)
        )

    def _check_commitment(self):
        """What has to hold before an order of a job becomes a commitment.

        :raises UserError: job takes none, coding incomplete, storable product, no lines
        """
        for job in self.project_id:
            job._check_takes("commitment")
        lines = self.order_line.filtered(lambda line: not line.display_type)
        for order in self:
            if not order.order_line:
                raise UserError(self.env._("%s has no lines.", order.display_name))
            if order.closed_state != "open":
                raise UserError(self.env._("%s is closed.", order.display_name))
        lines._check_job_coding()
        stored = lines.filtered("product_id.is_storable")
        if stored:
            raise UserError(
                self.env._(
                    "%(product)s is kept in stock. Order it without the job and issue it from "
                    "stock, or use a product without stock: otherwise it costs the job twice.",
                    product=stored[0].product_id.display_name,
                )
            )

    def _check_budget_on_screen(self):
        """A person confirms: inform, ask for a reason, refuse or route, by policy."""
        control = self.env["construction.budget.control"]
        overruns = control._overruns(self)
        for order in self:
            found = overruns.get(order.id)
            if not found:
                continue
            policy = self.env["construction.sync.policy"]._get("commitment", order.company_id.id)
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
                order.budget_routed = True
                order.message_post(body=text)

    # --------------------------------------------------------- native rules
    def write(self, vals):
        frozen = {"project_id", "partner_id", "currency_id", "company_id"} & set(vals)
        if frozen and not self._is_platform_apply():
            for order in self:
                if not (order.is_commitment and order.state in CONFIRMED):
                    continue
                for name in frozen:
                    new = vals[name]
                    if order[name].id != (new or False):
                        raise UserError(
                            self.env._(
                                "%(order)s is a confirmed commitment: its %(field)s does not "
                                "change. Cancel it and order again.",
                                order=order.display_name,
                                field=self._fields[name]._description_string(self.env),
                            )
                        )
        return super().write(vals)

    def _add_supplier_to_product(self):
        """No vendor price is learned from a job's order: a later quantity-only write
        would otherwise replace the agreed price by it."""
        if not self.is_commitment:
            super()._add_supplier_to_product()

    def action_merge(self):
        if any(order.is_commitment for order in self):
            raise UserError(
                self.env._(
                    "Orders of a job are not merged: each is a commitment of its own, with "
                    "its schedule of values and its changes."
                )
            )
        return super().action_merge()

    def action_bill_matching(self):
        if self.is_commitment:
            raise UserError(
                self.env._(
                    "Bills of a commitment are matched on the commitment: open it and use "
                    "“Create Bill”, so that job, cost code and cost type come along."
                )
            )
        return super().action_bill_matching()

    def action_create_invoice(self, attachment_ids=False):
        commitments = self.filtered("is_commitment")
        if commitments and len(self) > 1:
            raise UserError(self.env._("Create the bills of commitments one by one."))
        for order in commitments:
            if order.billing_mode == "application":
                raise UserError(
                    self.env._(
                        "%s is billed by application for payment: its bill comes from the "
                        "certificate.",
                        order.display_name,
                    )
                )
            if order.closed_state == "final":
                raise UserError(
                    self.env._("%s is closed and takes no more bills.", order.display_name)
                )
            order.project_id._check_takes("cost")
        return super().action_create_invoice(attachment_ids=attachment_ids)

    @api.constrains("project_id", "company_id")
    def _check_job_company(self):
        for order in self:
            if order.is_commitment and order.project_id.company_id != order.company_id:
                raise ValidationError(
                    self.env._(
                        "Job %(job)s belongs to %(owner)s, the order to %(company)s.",
                        job=order.project_id.display_name,
                        owner=order.project_id.company_id.name,
                        company=order.company_id.name,
                    )
                )

    # --------------------------------------------------------- close, change
    def _open_untaxed(self):
        """What is still open of the schedule, without tax, as Decimal."""
        self.ensure_one()
        lines = self.order_line.filtered(lambda line: not line.display_type)
        return sum((line._open_untaxed() for line in lines), Decimal(0))

    def _close_commitment(self, kind, on, released=None):
        """Take `released` (without tax; default all that is open) out of the commitment.

        :param kind: 'soft' (bills still possible) or 'final'
        """
        for order in self:
            lines = order.order_line.filtered(lambda line: not line.display_type)
            open_amounts = [line._open_untaxed() for line in lines]
            total = sum(open_amounts, Decimal(0))
            amount = total if released is None else released
            if total:
                digits = order.currency_id.decimal_places
                shares = money.spread(amount, open_amounts, digits)
                for line, share in zip(lines, shares, strict=True):
                    line._release(share)
            order.write({"closed_state": kind, "closed_on": on})

    def _apply_change(self, changes, additions=()):
        """The only door to price, quantity, coding and tax of a confirmed commitment.

        :param changes: list of (line, values); price and quantity come together
        :param additions: values of new lines
        :raises UserError: the job takes no change, or the order falls below what was
            received or billed; the message shows the arithmetic
        """
        self.ensure_one()
        self.project_id._check_takes("change")
        order = self.with_context(construction_edit=EDIT_SENTINEL)
        for line, values in changes:
            line._check_not_below(values)
            line.with_context(construction_edit=EDIT_SENTINEL).write(values)
        if additions:
            order.env["purchase.order.line"].create(
                [{"order_id": order.id} | values for values in additions]
            )
        order.order_line._check_job_coding()

    def action_open_sync_events(self):
        self.ensure_one()
        bindings = (
            self.env["construction.binding"]
            .sudo()
            .search([("res_model", "=", self._name), ("res_id", "=", self.id)])
        )
        return self.env["ir.actions.act_window"]._for_xml_id(
            "construction_sync_base.action_construction_event"
        ) | {"domain": [("id", "in", bindings.event_ids.ids)], "context": {}}
