from odoo import models


class VendorMerged(models.AbstractModel):
    """vendor.merged → bindings of the sources lead to the vendor that stays; orders, bills
    and payments of the others stay theirs. It is `record.merged` with references."""

    _name = "construction.handler.vendor.merged"
    _inherit = "construction.handler.record.merged"
    _description = "vendor.merged"

    _event_type = "construction.vendor.merged.v1"
    _object = "vendor"

    def _master(self, item):
        return item.data["master"]
