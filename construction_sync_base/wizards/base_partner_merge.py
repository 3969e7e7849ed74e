from odoo import models


class BasePartnerMerge(models.TransientModel):
    """Odoo's own merge of contacts. It moves what points to a contact by a foreign key; our
    links name model and id, and have to follow the contact that stays."""

    _inherit = "base.partner.merge.automatic.wizard"

    def _update_reference_fields(self, src_partners, dst_partner):
        result = super()._update_reference_fields(src_partners, dst_partner)
        linked = [("res_model", "=", "res.partner"), ("res_id", "in", src_partners.ids)]
        bindings = self.env["construction.binding"].sudo().search(linked)
        bindings._lead_to(dst_partner)
        self.env["construction.file.link"].sudo()._lead_to(src_partners, dst_partner)
        crosswalk = self.env["construction.crosswalk"].sudo().with_context(active_test=False)
        crosswalk.search(linked).write({"res_id": dst_partner.id})
        return result
