from odoo import fields, models


class ConstructionClearingDocument(models.Model):
    """A document that leaves something on a clearing account."""

    _name = "construction.clearing.document"
    _description = "Document on a Clearing Account"
    _check_company_auto = True
    _auto = False
    _order = "date, id"
    _rec_name = "move_id"

    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    account_id = fields.Many2one("account.account", readonly=True)
    move_id = fields.Many2one("account.move", string="Document", readonly=True)
    ref = fields.Char(related="move_id.ref")
    partner_id = fields.Many2one("res.partner", readonly=True)
    date = fields.Date(readonly=True)
    amount = fields.Monetary(string="Open", readonly=True)

    @property
    def _table_query(self):
        return self.env["construction.clearing"]._documents_query()

    def action_open_document(self):
        self.ensure_one()
        self.check_access("read")
        return self.move_id._get_records_action(context={})
