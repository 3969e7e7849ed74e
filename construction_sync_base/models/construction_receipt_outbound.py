from odoo import api, models

POSTED = "construction.receipt.posted.v1"


class ConstructionReceiptOutbound(models.Model):
    """Subscribers are told of receipts, and of those that take one back."""

    _inherit = "construction.receipt"

    @api.model
    def _record(self, rows):
        receipts = super()._record(rows)
        self.env["construction.outbox"]._touch(POSTED, receipts)
        return receipts

    def _outbound_facts(self, event_type, _detail):
        outbox = self.env["construction.outbox"]
        return [
            outbox._fact(
                event_type,
                "receipt",
                receipt,
                receipt.order_id.project_id,
                {
                    "kind": receipt.kind,
                    "commitment": receipt.order_id.commitment_number or receipt.order_id.name,
                    "currency": receipt.currency_id.name,
                    "lines": [
                        {
                            "line_id": line.purchase_line_id.line_ref
                            or str(line.purchase_line_id.id),
                            "quantity": outbox._quantity(line.quantity),
                            "amount": outbox._amount(line.amount, receipt.currency_id),
                        }
                        for line in receipt.line_ids
                    ],
                },
            )
            for receipt in self
        ]
