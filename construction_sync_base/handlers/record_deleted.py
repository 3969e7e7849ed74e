from odoo import models


class RecordDeleted(models.AbstractModel):
    """record.deleted → a tombstone on the binding; nothing is deleted in Odoo. A later
    snapshot of the record takes the tombstone away, an older one comes to nothing."""

    _name = "construction.handler.record.deleted"
    _inherit = "construction.handler.record"
    _description = "record.deleted"

    _event_type = "construction.record.deleted.v1"

    def _apply_object(self, items, name, model):
        self._part(
            items,
            name,
            model,
            self.env._("The platform deleted its record."),
            self.env._("Cancel or close it here if that is meant."),
            tombstone=True,
        )
