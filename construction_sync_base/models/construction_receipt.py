from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..lib import money


class ConstructionReceipt(models.Model):
    """What the site reported as received or returned of one commitment, as it was told. The
    quantities stand on the order lines; this is where each of them comes from."""

    _name = "construction.receipt"
    _description = "Receipt"
    _check_company_auto = True
    _order = "date desc, id desc"
    _rec_name = "number"

    order_id = fields.Many2one(
        "purchase.order",
        string="Commitment",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    job_id = fields.Many2one(related="order_id.project_id", string="Job", store=True, index=True)
    number = fields.Char(required=True, readonly=True)
    kind = fields.Selection(
        [("receipt", "Receipt"), ("return", "Return")], required=True, readonly=True
    )
    date = fields.Date(required=True, readonly=True, index=True)
    packing_slip = fields.Char(readonly=True)
    received_by = fields.Char(readonly=True)
    location_id = fields.Many2one("construction.location", readonly=True, ondelete="restrict")
    final = fields.Boolean(string="Nothing more comes", readonly=True)
    line_ids = fields.One2many("construction.receipt.line", "receipt_id", readonly=True)
    currency_id = fields.Many2one(related="order_id.currency_id")
    amount = fields.Monetary(compute="_compute_amount", store=True)

    @api.depends("line_ids.amount")
    def _compute_amount(self):
        for receipt in self:
            receipt.amount = sum(receipt.line_ids.mapped("amount"))

    @api.model
    def _record(self, rows):
        """Keep receipts and put their quantities on the order lines.

        :param rows: list of (values, [(order line, quantity as Decimal, values of the line)]);
            a return has negative quantities
        :return: the receipts in the order of the rows
        """
        receipts = self.sudo().create(
            [
                values
                | {
                    "line_ids": [
                        Command.create(
                            more
                            | {
                                "purchase_line_id": line.id,
                                "quantity": money.to_float(quantity, money.QUANTITY_DECIMALS),
                            }
                        )
                        for line, quantity, more in lines
                    ]
                }
                for values, lines in rows
            ]
        )
        for values, lines in rows:
            for line, quantity, _more in lines:
                line.sudo()._receive(quantity, values["date"])
        return receipts.with_env(self.env)

    def write(self, vals):  # pylint: disable=method-required-super
        raise UserError(self.env._("A receipt stays as it was reported; a return corrects it."))

    @api.ondelete(at_uninstall=False)
    def _never_delete(self):
        raise UserError(self.env._("A receipt stays as it was reported; a return corrects it."))
