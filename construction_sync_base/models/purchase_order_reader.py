from odoo import api, models


class PurchaseOrderReader(models.Model):
    """Project users read the orders of their jobs. The native form reads bills, receipts
    and stock moves, which they may not; they get a form with the commitment card only."""

    _inherit = "purchase.order"

    def _is_commitment_reader(self):
        user = self.env.user
        return user.has_group("construction_sync_base.group_project_user") and not user.has_group(
            "purchase.group_purchase_user"
        )

    @api.model
    def _get_view_cache_key(self, view_id=None, view_type="form", **options):
        key = super()._get_view_cache_key(view_id, view_type, **options)
        return (*key, view_type == "form" and self._is_commitment_reader())

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        if view_type == "form" and self._is_commitment_reader():
            view_id = self.env.ref(
                "construction_sync_base.view_construction_commitment_reader_form"
            ).id
        return super()._get_view(view_id, view_type, **options)
