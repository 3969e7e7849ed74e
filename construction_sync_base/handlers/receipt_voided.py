from odoo import fields, models
from odoo.exceptions import UserError


class ReceiptVoided(models.AbstractModel):
    """receipt.voided → a counter receipt takes the quantities back, on the day of the receipt
    while its month is open; both stay. Where bills are
    paid by receipt, those that nothing covers any more are set back first, by a correction.

    A void that comes before its receipt leaves a tombstone, so that the receipt adds nothing
    when it arrives.
    """

    _name = "construction.handler.receipt.voided"
    _inherit = "construction.handler.domain"
    _description = "receipt.voided"

    _event_type = "construction.receipt.voided.v1"
    _replaces = False
    _order_in_batch = 71

    def _apply(self, items):
        items = self._still_void(items, "receipt")
        if not items:
            return
        known = self._split_new(items, "construction.receipt")
        for item in items:
            receipt = known.get(item.id)
            if item.blocked:
                continue
            if not receipt:
                item.bind(None, tombstone=True)
                continue
            receipt = receipt.sudo()
            item.company_id = receipt.company_id.id
            if not receipt.is_void and not self._taken_back(item, receipt):
                continue
            item.bind(receipt, tombstone=True)

    def _taken_back(self, item, receipt):
        """Whether it is taken back now; parks the item otherwise."""
        refusal = receipt.job_id._refusal("cost")
        if refusal:
            item.park("inactive_target", refusal, wait=f"job_open|{receipt.job_id.id}")
            return False
        if receipt._bills_it_covers():
            return self._corrected(item, receipt)
        try:
            with self.env.cr.savepoint():
                told_on = fields.Date.to_date(item.data["date"])
                Correction = self.env["construction.correction"]
                receipt._void(Correction._day_for(receipt, receipt.date, told_on))
        except UserError as error:
            item.park("matching", str(error))
            return False
        self._tell_billed(item, receipt)
        return True

    def _tell_billed(self, item, receipt):
        for line in receipt.line_ids.purchase_line_id:
            if line.qty_received < line.qty_invoiced:
                item.notice(
                    "matching",
                    self.env._(
                        "“%(line)s”: billed %(billed)s, received %(received)s without this "
                        "receipt.",
                        line=line.name,
                        billed=line.qty_invoiced,
                        received=line.qty_received,
                    ),
                    suggestion=self.env._("Ask the vendor for a credit note, or record it anew."),
                )
