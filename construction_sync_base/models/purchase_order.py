from markupsafe import Markup
from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import formatLang

from ..lib import money
from .construction_coding import EDIT_SENTINEL

CONFIRMED = ("purchase", "to approve")


class PurchaseOrder(models.Model):
    """A commitment is a purchase order with a job; its lines are the schedule of values.
    How it is confirmed and what native functions may do to it is in
    `purchase_order_rules.py`."""

    _inherit = "purchase.order"

    project_id = fields.Many2one(index="btree_not_null")
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
    retention_percent = fields.Float(string="Retention %", digits=(9, 6))
    executed_on = fields.Date(copy=False)
    start_on = fields.Date(copy=False, help="Of what is rented: the first day on the job.")
    end_on = fields.Date(copy=False, help="The last day on the job; empty: still there.")
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
    billed_amount = fields.Monetary(
        string="Billed",
        compute="_compute_commitment_amounts",
        help="Posted bills less credits, without tax, gross of retention.",
    )
    paid_amount = fields.Monetary(string="Paid", compute="_compute_commitment_amounts")
    retention_held = fields.Monetary(compute="_compute_commitment_amounts")
    retention_released = fields.Monetary(compute="_compute_commitment_amounts")
    advance_balance = fields.Monetary(compute="_compute_commitment_amounts")
    open_amount = fields.Monetary(
        string="Open",
        compute="_compute_commitment_amounts",
        help="What is still to come: revised and its tax that is cost, less billed, less "
        "what closing released.",
    )
    tax_cost_amount = fields.Monetary(
        string="Tax that is cost", compute="_compute_commitment_amounts"
    )
    sync_event_count = fields.Integer(compute="_compute_sync_event_count", compute_sudo=True)

    # how an order is found that was typed while its platform was down
    _typed_number = models.Index(
        "(project_id, lower(btrim(commitment_number))) WHERE commitment_number IS NOT NULL"
    )
    _typed_reference = models.Index(
        "(project_id, lower(btrim(partner_ref)))"
        " WHERE partner_ref IS NOT NULL AND project_id IS NOT NULL"
    )

    @api.depends("project_id.is_job")
    def _compute_is_commitment(self):
        for order in self:
            order.is_commitment = order.project_id.is_job

    @api.depends("commitment_number")
    def _compute_display_name(self):
        result = super()._compute_display_name()
        for order in self.filtered("commitment_number"):
            order.display_name = f"{order.display_name} ({order.commitment_number})"
        return result

    @api.model
    def _search_display_name(self, operator, value):
        domain = super()._search_display_name(operator, value)
        if operator in ("ilike", "=", "like") and isinstance(value, str):
            return fields.Domain.OR([domain, [("commitment_number", operator, value)]])
        return domain

    @api.depends(
        "state",
        "closed_state",
        "original_amount",
        "order_line.price_subtotal",
        "order_line.qty_received",
        "order_line.qty_invoiced",
        "order_line.tax_cost_amount",
        "order_line.released_amount",
        "order_line.invoice_lines.parent_state",
        "order_line.invoice_lines.amount_currency",
        "order_line.invoice_lines.move_id.amount_residual",
    )
    def _compute_commitment_amounts(self):
        billed = self.order_line._posted_bills()
        for order in self:
            lines = order.order_line.filtered(lambda line: not line.display_type)
            confirmed = order.state in CONFIRMED
            revised = sum(lines.mapped("price_subtotal"))
            order.revised_amount = revised
            order.approved_change_amount = (
                revised - order.original_amount if order.state == "purchase" else 0
            )
            order.pending_change_amount = 0
            order.received_amount = sum(
                line.qty_received * line.price_unit_discounted for line in lines
            )
            order.billed_amount = sum(billed[line._origin.id][0] for line in lines)
            order.paid_amount = sum(billed[line._origin.id][1] for line in lines)
            order.retention_held = order.retention_released = order.advance_balance = 0
            order.tax_cost_amount = sum(lines.mapped("tax_cost_amount"))
            order.open_amount = (
                sum(line._open_gross(billed[line._origin.id][0]) for line in lines)
                if confirmed
                else 0
            )

    def _compute_sync_event_count(self):
        bindings = self.env["construction.binding"].search(
            [("res_model", "=", self._name), ("res_id", "in", self.ids)]
        )
        counts = {binding.res_id: len(binding.event_ids) for binding in bindings}
        for order in self:
            order.sync_event_count = counts.get(order.id, 0)

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
        """{line: what is still open of it, without tax, as Decimal}, by posted bills."""
        self.ensure_one()
        lines = self.order_line.filtered(lambda line: not line.display_type)
        billed = lines._posted_bills()
        return {line: line._open_untaxed(billed[line.id][0]) for line in lines}

    def _close_commitment(self, kind, on, released=None):
        """Take `released` (without tax; default all that is open) out of the commitment.

        :param kind: 'soft' (bills still possible) or 'final' (nothing stays open)
        """
        for order in self:
            open_by_line = order._open_untaxed()
            shares = list(open_by_line.values())
            if released not in (None, sum(shares)):
                shares = money.spread(released, shares, order.currency_id.decimal_places)
            for line, share in zip(open_by_line, shares, strict=True):
                line._release(share)
            order._editable().write({"closed_state": kind, "closed_on": on})
        self._budget_is_free()

    def _budget_is_free(self):
        """Events that were over budget may fit now, and the alerts fall."""
        self._raise_budget_alerts(standing=True)
        self.env["construction.resolver"]._available(
            [("budget", str(job.id)) for job in self.project_id]
        )

    def _apply_change(self, changes, additions=()):
        """The only door to price, quantity, coding and tax of a confirmed commitment.

        :param changes: list of (line, values); price and quantity come together
        :param additions: values of new lines
        :raises UserError: the job takes no change, or the order falls below what was
            received or billed; the message shows the arithmetic
        """
        self.ensure_one()
        self.project_id._check_takes("change")
        order = self._editable()
        for name in ("move_ids", "tax_ids"):  # read once; the native write reads line by line
            order.order_line.mapped(name)
        notes = []
        for line, values in changes:
            line._check_not_below(values)
            before = line.price_subtotal
            line.with_env(order.env).write(values)
            notes.append((line, before))
        if additions:
            lines = order.env["purchase.order.line"].create(
                [{"order_id": order.id} | values for values in additions]
            )
            notes += [(line, 0.0) for line in lines]
        order.order_line._check_schedule_lines()
        order._note_change(notes)

    def _note_change(self, notes):
        """One note for the whole change, in place of the native one for each line."""
        entries = [
            Markup("<li>%s: %s → %s</li>")
            % (
                line.name,
                formatLang(self.env, before, currency_obj=self.currency_id),
                formatLang(self.env, line.price_subtotal, currency_obj=self.currency_id),
            )
            for line, before in notes
        ]
        if entries:
            self.message_post(
                body=Markup("%s<ul>%s</ul>")
                % (self.env._("Schedule of values changed:"), Markup("").join(entries))
            )

    def message_post_with_source(self, source_ref, **kwargs):
        if self._may_edit() and source_ref == "purchase.track_po_line_template":
            return self.env["mail.message"]  # `_note_change` tells it for all lines at once
        return super().message_post_with_source(source_ref, **kwargs)

    def _editable(self):
        """The same orders, with the door to what is frozen open."""
        return self.with_context(construction_edit=EDIT_SENTINEL)

    def _may_edit(self):
        return self.env.context.get("construction_edit") is EDIT_SENTINEL

    def _touched(self):
        """The arithmetic of what was received or billed of an order, or None."""
        self.ensure_one()
        lines = [line for line in self.order_line if line.qty_received or line.qty_invoiced]
        if not lines:
            return None
        return "; ".join(
            self.env._(
                "“%(name)s” received %(received)s, billed %(billed)s",
                name=line.name,
                received=line.qty_received,
                billed=line.qty_invoiced,
            )
            for line in lines
        )

    def _never_was_confirmed(self):
        return not self.date_approve and not self.original_amount

    @api.ondelete(at_uninstall=False)
    def _never_delete_commitment(self):
        if any(order.is_commitment and not order._never_was_confirmed() for order in self):
            raise UserError(self.env._("Commitments are cancelled or closed, never deleted."))

    def action_open_sync_events(self):
        self.ensure_one()
        self.check_access("read")
        bindings = (
            self.env["construction.binding"]
            .sudo()
            .search([("res_model", "=", self._name), ("res_id", "=", self.id)])
        )
        return self.env["ir.actions.act_window"]._for_xml_id(
            "construction_sync_base.action_construction_event"
        ) | {"domain": [("id", "in", bindings.event_ids.ids)], "context": {}}
