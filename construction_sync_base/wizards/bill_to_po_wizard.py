from odoo import models


class BillToPoWizard(models.TransientModel):
    _inherit = "bill.to.po.wizard"

    def action_add_to_po(self):
        self.purchase_order_id._refuse_matching()
        return super().action_add_to_po()

    def action_add_downpayment(self):
        self.purchase_order_id._refuse_matching()
        return super().action_add_downpayment()
