from odoo import models


class FileReceived(models.AbstractModel):
    """A platform uploaded a file: documents whose events named it before get it now."""

    _name = "construction.handler.file.received"
    _inherit = "construction.handler"
    _description = "file.received"

    _event_type = "construction.file.received.v1"
    _replaces = False

    def _apply(self, items):
        links = self.env["construction.file.link"].sudo()
        links._attach(items[0].platform_id, [item.data["sha256"] for item in items])
