from odoo import models


class SupplierInvoiceVoided(models.AbstractModel):
    """supplier_invoice.voided → the draft is cancelled; what is posted is taken back once
    Finance has released the correction.

    A void that comes before its invoice leaves a tombstone, so that an older version that
    arrives later creates nothing. A newer one is a new invoice.
    """

    _name = "construction.handler.supplier.invoice.voided"
    _inherit = "construction.handler.domain"
    _description = "supplier_invoice.voided"

    _event_type = "construction.supplier_invoice.voided.v1"
    _replaces = False
    _order_in_batch = 81

    def _apply(self, items):
        items = self._still_void(items, items[0].object)
        if not items:
            return
        bills = self._split_new(items, "account.move")
        for item in items:
            bill = bills.get(item.id)
            if item.blocked:
                continue
            if not bill:
                item.bind(None, tombstone=True)
                continue
            bill = bill.sudo()
            item.company_id = bill.company_id.id
            if bill.state == "posted" and not bill._is_undone():
                if not self._corrected(item, bill):
                    continue
            elif bill.state == "draft":
                bill._at_the_gate().button_cancel()
                bill.message_post(
                    body=self.env._("Voided at the platform: %s", item.data.get("reason") or "—")
                )
            item.bind(bill, tombstone=True)
