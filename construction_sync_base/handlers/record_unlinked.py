from odoo import models


class RecordUnlinked(models.AbstractModel):
    """record.unlinked → the binding stands for nothing until the record is linked again or
    sent again; the record in Odoo stays."""

    _name = "construction.handler.record.unlinked"
    _inherit = "construction.handler.record"
    _description = "record.unlinked"

    _event_type = "construction.record.unlinked.v1"

    def _apply_object(self, items, name, model):
        self._part(
            items,
            name,
            model,
            self.env._("The platform took the link to its record back."),
            self.env._("Cancel or close it here, or have it linked again at the platform."),
            unlinked=True,
        )
