from odoo import models

POSTED = "construction.commitment.posted.v1"


class PurchaseOrderOutbound(models.Model):
    """Subscribers are told of a commitment that holds, and of each change of it."""

    _inherit = "purchase.order"

    def _release_settle(self, released_by=None):
        result = super()._release_settle(released_by)
        self._tell_posted()
        return result

    def _note_change(self, notes):
        result = super()._note_change(notes)
        self._tell_posted()
        return result

    def _tell_posted(self):
        self.env["construction.outbox"]._touch(POSTED, self.filtered("is_commitment"))

    def _outbound_facts(self, event_type, detail):
        if event_type != POSTED:
            return super()._outbound_facts(event_type, detail)
        outbox = self.env["construction.outbox"]
        facts = []
        for order in self.filtered(lambda order: order.state == "purchase"):
            currency = order.currency_id
            data = {
                "currency": currency.name,
                "original": outbox._amount(order.original_amount, currency),
                "changes": outbox._amount(order.approved_change_amount, currency),
                "revised": outbox._amount(order.revised_amount, currency),
                "lines": [
                    {
                        "line_id": line.line_ref or str(line.id),
                        "amount": outbox._amount(line.price_subtotal, currency),
                    }
                    for line in order.order_line
                    if not line.display_type
                ],
            }
            number = order.commitment_number or order.name
            facts.append(
                outbox._fact(
                    POSTED,
                    "commitment",
                    order,
                    order.project_id,
                    data,
                    number=number,
                    snapshot=True,
                )
            )
        return facts
