from odoo import api, models

EXCEPTION = "construction.supplier_invoice.exception.v1"


class ConstructionHoldOutbound(models.Model):
    """Subscribers are told why a bill is not paid."""

    _inherit = "construction.hold"

    @api.model
    def _place(self, record, reason, note, amount=0.0):
        hold = super()._place(record, reason, note, amount)
        if record._name == "account.move":
            self.env["construction.outbox"]._touch(EXCEPTION, hold)
        return hold

    def _outbound_facts(self, event_type, _detail):
        outbox = self.env["construction.outbox"]
        facts = []
        for hold in self.filtered(lambda hold: hold.state == "held"):
            bill = hold._record()
            if not bill:
                continue
            data = {
                "category": hold.reason,
                "message": hold.note or "",
                "currency": hold.company_id.currency_id.name,
                "amount": outbox._amount(hold.amount, hold.company_id.currency_id),
            }
            fact = outbox._fact(
                event_type, "supplier_invoice", bill, bill.construction_job_id, data
            )
            facts.append(fact | {"number": bill.ref or bill.display_name, "snapshot": True})
        return facts
