from odoo import models

from ..lib import undo
from .construction_coding import EDIT_SENTINEL
from .purchase_order import CONFIRMED


class PurchaseOrderCorrection(models.Model):
    """Commitments that are voided or changed after they were received or billed."""

    _name = "purchase.order"
    _inherit = ["purchase.order", "construction.correction.mixin"]

    def _correction_action(self):
        return "cancel"

    def _correction_job(self):
        return self.project_id

    def _correction_day(self):
        return self.date_order.date()

    def _correction_amount(self):
        company = self.company_id
        return self.currency_id._convert(
            self.amount_untaxed, company.currency_id, company, self.date_order
        )

    def _is_to_undo(self):
        return self.is_commitment and self.state in CONFIRMED

    # ------------------------------------------------------------- dependents
    def _stands_on_it(self, action):
        found = super()._stands_on_it(action)
        if action != "cancel":
            return found
        found += [(bill, bill._how_to_set_back()) for bill in self._standing_bills()]
        receipts = self.env["construction.receipt"].sudo().search([("order_id", "=", self.id)])
        found += [(receipt, "return") for receipt in receipts if receipt._is_to_undo()]
        lines = self.env["construction.accrual.line"].sudo()
        accruals = lines.search([("purchase_line_id", "in", self.order_line.ids)]).accrual_id
        return found + [
            (accrual, "reverse" if accrual.state == "posted" else "give_back")
            for accrual in accruals
            if accrual._is_to_undo()
        ]

    def _standing_bills(self):
        """Bills and credits of this that count, and drafts that are not set back yet."""
        return self.sudo().invoice_ids.filtered(
            lambda move: (
                (move.state == "draft" and not move._is_set_back())
                or (
                    move.state == "posted"
                    and not move._is_undone()
                    and not (move.reversed_entry_id and move.reversed_entry_id._is_undone())
                )
            )
        )

    def _in_the_way(self, changes):
        """[(bill, action)] that have to be set back so that the lines can change; empty where
        bills alone are not what stands in the way.

        :param changes: [(line, values)] for `_apply_change`
        """
        needed = {}
        for line, values in changes:
            freed = line._billed_in_the_way(values)
            if freed is None:
                return []
            if freed:
                needed[line.id] = freed
        if not needed:
            return []
        bills, short = self._to_free(needed, self._standing_bills())
        return [] if short else [(bill, bill._how_to_set_back()) for bill in bills]

    def _to_free(self, needed, bills):
        """(bills to set back, the newest first, {order line id: what stays short})"""
        documents = {
            bill: undo.Document(bill, (bill.date, bill.id), (), bill._quantities_by_order_line())
            for bill in bills
        }
        return undo.to_free(needed, documents.values())

    def _posted_to_free(self, needed):
        """Posted bills that have to go, the newest first, so that this much is free."""
        posted = self._standing_bills().filtered(lambda move: move.state == "posted")
        return self._to_free(needed, posted)[0]

    # ------------------------------------------------------------------ undo
    def _undo_by_correction(self, step):
        order = self.with_context(construction_correction=EDIT_SENTINEL)
        for line in order.order_line:
            if line.qty_received and line.qty_received_method == "manual":
                line.qty_received = 0  # typed, without a receipt of its own
        order.locked = False
        order.button_cancel()
        self.message_post(body=step.correction_id._told_why())

    def _touched(self):
        """A correction has undone what was received or billed, or set it back."""
        return None if self._is_correcting() else super()._touched()

    def _is_correcting(self):
        return self.env.context.get("construction_correction") is EDIT_SENTINEL

    def _bills_are_taken_back(self):
        """Whether it has posted bills, and none of them counts."""
        posted = self.sudo().invoice_ids.filtered(lambda move: move.state == "posted")
        return bool(posted) and not self._standing_bills() & posted

    def button_cancel(self):
        """Odoo refuses orders with posted bills, taken back or not."""
        taken_back = self.browse()
        if self._is_correcting():
            taken_back = self.filtered(lambda order: order._bills_are_taken_back())
        result = super(PurchaseOrderCorrection, self - taken_back).button_cancel()
        for order in taken_back:
            order._cancel_taken_back()
        return result

    def _cancel_taken_back(self):
        self.project_id._check_takes("change")
        transfers = self.picking_ids.filtered(lambda one: one.state not in ("done", "cancel"))
        transfers.action_cancel()
        self._in_transition().write({"state": "cancel"})
        self._leave_the_commitments()

    def _after_approval(self):
        """Bills that a correction set back because of this are submitted again."""
        result = super()._after_approval()
        self._submit_set_back()
        return result

    def _take_changes(self, movements):
        result = super()._take_changes(movements)
        self._submit_set_back()
        return result

    def _submit_set_back(self):
        orders = self.filtered(lambda order: order.state == "purchase")
        if orders:
            self.env["account.move"].sudo().search(
                [
                    ("state", "=", "draft"),
                    ("set_back_by_id", "!=", False),
                    ("line_ids.purchase_line_id.order_id", "in", orders.ids),
                ]
            )._submit_set_back()

    def _reopen(self):
        """A closed order takes changes and bills again, with what the closing released; a
        voided one stands as before it was voided."""
        for order in self.filtered(lambda one: one.state in CONFIRMED):
            editable = order._editable()
            editable.order_line.write({"released_amount": 0})
            editable.write({"closed_state": "open", "closed_on": False})
        voided = self.filtered(lambda one: one.state == "cancel")
        voided.button_draft()
        voided.button_confirm()
        self._raise_budget_alerts()
