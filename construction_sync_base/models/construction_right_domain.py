from odoo import models

EXTENDED = (
    "account.analytic.line",
    "account.move",
    "project.project",
    "purchase.order",
    "purchase.order.line",
    "res.partner",
)
# actions of Odoo itself: who posts, and who gives the second approval
NATIVE = (
    ("account.move", "post", "account.group_account_invoice"),
    ("purchase.order", "approve", "purchase.group_purchase_manager"),
)


class ConstructionRight(models.Model):
    """Odoo's own documents that the suite extends."""

    _inherit = "construction.right"

    def _shown_model_names(self):
        return [*super()._shown_model_names(), *EXTENDED]

    def _guards(self):
        return [*super()._guards(), *((model, kind, group, None) for model, kind, group in NATIVE)]
