from odoo import models


class SupplierInvoiceVoided(models.AbstractModel):
    """supplier_invoice.voided → the draft is cancelled; what is posted is a question.

    A void that comes before its invoice leaves a tombstone, so that an older version that
    arrives later creates nothing.
    """

    _name = "construction.handler.supplier.invoice.voided"
    _inherit = "construction.handler.domain"
    _description = "supplier_invoice.voided"

    _event_type = "construction.supplier_invoice.voided.v1"
    _replaces = False
    _order_in_batch = 81

    def _apply(self, items):
        bills = self._split_new(items, "account.move")
        for item in items:
            bill = bills.get(item.id)
            if not bill:
                item.bind(None, tombstone=True)
                continue
            bill = bill.sudo()
            item.company_id = bill.company_id.id
            if bill.state == "posted":
                item.park(
                    "matching",
                    self.env._(
                        "%(bill)s is posted with %(amount)s and %(paid)s of it paid, so it cannot "
                        "simply be voided.",
                        bill=bill.display_name,
                        amount=bill.amount_total,
                        paid=bill.amount_total - bill.amount_residual,
                    ),
                    amount=bill.amount_total,
                    currency_id=bill.currency_id.id,
                    suggestion=self.env._("Reverse the bill in Odoo, then resume."),
                )
                continue
            if bill.state != "cancel":
                bill._at_the_gate().button_cancel()
                bill.message_post(
                    body=self.env._("Voided at the platform: %s", item.data.get("reason") or "—")
                )
            item.bind(bill, tombstone=True)
