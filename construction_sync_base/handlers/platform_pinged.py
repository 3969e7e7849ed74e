from odoo import models


class PlatformPinged(models.AbstractModel):
    """A no-op: proves that the way from the inbox to a processed event is open."""

    _name = "construction.handler.platform.pinged"
    _inherit = "construction.handler"
    _description = "platform.pinged"

    _event_type = "construction.platform.pinged.v1"
    _replaces = False

    def _apply(self, items):
        return
