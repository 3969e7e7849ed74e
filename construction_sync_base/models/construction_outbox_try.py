from odoo import fields, models

VERDICTS = [
    ("done", "Taken"),
    ("again", "Not taken"),
    ("later", "Wants a rest"),
    ("gone", "Wants nothing more"),
    ("none", "No answer"),
]


class ConstructionOutboxTry(models.Model):
    """One try to deliver, as it ended: the delivery log."""

    _name = "construction.outbox.try"
    _description = "Delivery Try"
    _check_company_auto = True
    _order = "id desc"
    _rec_name = "verdict"
    _log_access = False

    outbox_id = fields.Many2one(
        "construction.outbox", required=True, readonly=True, index=True, ondelete="cascade"
    )
    subscription_id = fields.Many2one(related="outbox_id.subscription_id", string="Subscription")
    type = fields.Char(related="outbox_id.type")
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    at = fields.Datetime(required=True, readonly=True)
    seconds = fields.Float(readonly=True, digits=(8, 3), help="From the call to its end.")
    verdict = fields.Selection(VERDICTS, required=True, readonly=True)
    status = fields.Integer(readonly=True, help="Of HTTP; 0: there was no answer.")
    text = fields.Char(readonly=True, help="What it said, or why there was no answer.")
