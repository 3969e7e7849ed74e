from odoo import models


class PurchaseBillLineMatch(models.Model):
    _inherit = "purchase.bill.line.match"

    def action_match_lines(self):
        self.pol_id.order_id._refuse_matching()
        return super().action_match_lines()

    def action_add_to_po(self):
        self.purchase_order_id._refuse_matching()
        return super().action_add_to_po()
