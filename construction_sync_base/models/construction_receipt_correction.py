from odoo import api, fields, models
from odoo.exceptions import UserError

from ..lib import money


class ConstructionReceiptCorrection(models.Model):
    """Receipts that never were: a counter receipt takes their quantities back, both stay."""

    _name = "construction.receipt"
    _inherit = ["construction.receipt", "construction.correction.mixin"]

    voids_id = fields.Many2one(
        "construction.receipt", string="Takes back", readonly=True, index="btree_not_null"
    )
    voided_by_ids = fields.One2many("construction.receipt", "voids_id", readonly=True)
    is_void = fields.Boolean(string="Void", compute="_compute_is_void", search="_search_is_void")

    _voided_once = models.UniqueIndex(
        "(voids_id) WHERE voids_id IS NOT NULL", "This receipt was taken back before."
    )

    @api.depends("voided_by_ids")
    def _compute_is_void(self):
        for receipt in self:
            receipt.is_void = bool(receipt.voided_by_ids)

    def _search_is_void(self, operator, value):
        if operator != "in":
            return NotImplemented
        return [("voided_by_ids", "!=" if True in value else "=", False)]

    def _correction_action(self):
        return "return"

    def _correction_job(self):
        return self.job_id

    def _correction_day(self):
        return self.date

    def _correction_amount(self):
        order = self.order_id
        company = order.company_id
        return self.currency_id._convert(
            abs(self.amount), company.currency_id, company, order.date_order
        )

    def _is_to_undo(self):
        return not self.voids_id and not self.is_void

    # ------------------------------------------------------------- dependents
    def _stands_on_it(self, action):
        """Bills that only this receipt covers, where the receipt counts."""
        return super()._stands_on_it(action) + [
            (bill, "redraft") for bill in self._bills_it_covers()
        ]

    def _bills_it_covers(self):
        """Posted bills of more than is received without this, of lines that are billed by
        receipt (three-way)."""
        counting = self.env["construction.match.policy"]._tolerances(self.company_id)
        needed = {}
        for line in self.line_ids:
            order_line = line.purchase_line_id.sudo()
            if not counting[order_line.sov_method][1] or line.quantity <= 0:
                continue
            places = money.QUANTITY_DECIMALS
            left = money.from_float(order_line.qty_received - line.quantity, places)
            billed = money.from_float(order_line.qty_invoiced, places)
            needed[order_line.id] = max(billed - left, 0 * left)
        return self.order_id.sudo()._posted_to_free(needed) if needed else []

    # ------------------------------------------------------------------ undo
    def _undo_by_correction(self, step):
        return self._void(step.date)

    def _void(self, day):
        """Take the quantities back by a receipt of their own.

        :param day: of the counter receipt: from it on nothing of this is in place
        :return: the counter receipt
        :raises UserError: it was taken back before, or came by a transfer of Odoo
        """
        self.ensure_one()
        if not self._is_to_undo():
            raise UserError(self.env._("%s takes back another, or was taken back.", self.number))
        rows = [
            (
                line.purchase_line_id,
                -money.from_float(line.quantity, money.QUANTITY_DECIMALS),
                {"rejected_quantity": -line.rejected_quantity, "lot": line.lot},
            )
            for line in self.line_ids
        ]
        values = {
            "order_id": self.order_id.id,
            "company_id": self.company_id.id,
            "number": f"{self.number}/V",
            "kind": "receipt" if self.kind == "return" else "return",
            "date": day,
            "voids_id": self.id,
        }
        counter = self._record([(values, rows)])
        self.invalidate_recordset(["voided_by_ids", "is_void"])
        return counter
